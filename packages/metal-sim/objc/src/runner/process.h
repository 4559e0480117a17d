// A child process with pipes.
#ifndef METAL_SIM_OBJC_PROCESS_H
#define METAL_SIM_OBJC_PROCESS_H

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metal_sim {

class Process {
 public:
  // Throws std::runtime_error when the program cannot be started. `environment` is added to this process's.
  Process(const std::vector<std::string>& command, const std::vector<std::string>& environment);
  // Closes stdin and waits for the child to end.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // False when the child does not read any more.
  bool write(std::string_view bytes);
  void closeInput();
  // Without its line end; nothing when the child has closed its stdout.
  std::optional<std::string> readLine();
  // The last bytes of what it wrote to stderr.
  std::string errors() const;
  // Waits for the end; "exit status 1", "signal 6".
  std::string end();

 private:
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1, errors_ = -1;
  std::string buffer_;
  size_t at_ = 0;
  std::string ended_;
};

}  // namespace metal_sim
#endif
