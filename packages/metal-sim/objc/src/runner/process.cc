#include "process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace metal_sim {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  return result;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  // A socket as stdin: writing to a child that died must not raise SIGPIPE.
  int input[2], output[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) throw std::runtime_error(std::strerror(errno));
  if (pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error(std::strerror(errno));
  errors_ = memfd_create("metal-sim-stderr", MFD_CLOEXEC);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[1], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawn_file_actions_adddup2(&actions, errors_, 2);

  std::vector<char*> arguments = pointers(command), variables;
  arguments.push_back(nullptr);
  // The first of a name is the one that counts.
  for (char* variable : pointers(environment)) variables.push_back(variable);
  for (char** variable = environ; *variable; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  const int failed = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  close(input[1]);
  close(output[1]);
  input_ = input[0];
  output_ = output[0];
  if (failed != 0) {
    pid_ = -1;
    close(input_);
    close(output_);
    close(errors_);
    throw std::runtime_error("cannot start " + command[0] + ": " + std::strerror(failed));
  }
}

Process::~Process() {
  end();
  close(output_);
  close(errors_);
}

bool Process::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(input_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void Process::closeInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

std::optional<std::string> Process::readLine() {
  for (;;) {
    const size_t found = buffer_.find('\n', at_);
    if (found != std::string::npos) {
      std::string line = buffer_.substr(at_, found - at_);
      at_ = found + 1;
      return line;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    char bytes[65536];
    const ssize_t got = ::read(output_, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<size_t>(got));
  }
}

std::string Process::errors() const {
  constexpr off_t kMost = 8192;
  const off_t length = lseek(errors_, 0, SEEK_END);
  std::string text(static_cast<size_t>(length < kMost ? length : kMost), '\0');
  const ssize_t got = pread(errors_, text.data(), text.size(), length - static_cast<off_t>(text.size()));
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

std::string Process::end() {
  closeInput();
  if (pid_ > 0) {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    ended_ = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                 : "exit status " + std::to_string(WEXITSTATUS(status));
  }
  return ended_;
}

}  // namespace metal_sim
