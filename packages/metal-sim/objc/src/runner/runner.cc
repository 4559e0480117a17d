#include "runner.h"

#include <charconv>
#include <stdexcept>
#include <utility>

#include "../metal/configuration.h"
#include "report.h"
#include "wire.h"

namespace metal_sim {
namespace {

uint32_t number(std::string_view field) {
  uint32_t value = 0;
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

double seconds(std::string_view field) { return std::stod(std::string(field)); }

// Lines of `library` without the final ok.
LibraryInfo parseLibrary(const std::vector<std::string>& lines) {
  LibraryInfo info;
  for (const std::string& line : lines) {
    const auto f = fields(line);
    if (f[0] == "kernel" && f.size() >= 4) {
      info.kernels.push_back({decoded(f[1]), number(f[2]), {}});
    } else if (f[0] == "parameter" && f.size() >= 9 && !info.kernels.empty()) {
      info.kernels.back().parameters.push_back({decoded(f[1]), decoded(f[2]), std::string(f[3]), std::string(f[5]),
                                                number(f[4]), number(f[6]), number(f[7]), decoded(f[8])});
    } else if (f[0] == "constant" && f.size() >= 5) {
      info.constants.push_back({decoded(f[1]), decoded(f[2]), number(f[3]), number(f[4])});
    }
  }
  return info;
}

struct All {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Runner>> runners;  // by executable
};

// Never destroyed: a runner ends when its stdin does, with this process.
All& all() {
  static auto* const only = new All;
  return *only;
}

}  // namespace

std::shared_ptr<Runner> Runner::of(const std::string& executable) {
  std::lock_guard lock(all().mutex);
  auto& runner = all().runners[executable];
  if (!runner) runner.reset(new Runner(executable));
  return runner;
}

void Runner::forget(const std::string& buffer) {
  std::lock_guard lock(all().mutex);
  for (const auto& [executable, runner] : all().runners) {
    std::lock_guard inner(runner->forgottenMutex_);
    runner->forgotten_.push_back(buffer);
  }
}

void Runner::start() {
  if (process_) return;
  const MetalSimConfiguration settings = configuration();
  process_ = std::make_unique<Process>(std::vector{executable_}, settings.environment);
  known_.clear();
  const auto greeting = process_->readLine();
  if (!greeting || !greeting->starts_with("metal-sim 1 ")) {
    throw std::runtime_error("expected a runner of protocol 1, got " + greeting.value_or(post()) + " from " +
                             executable_);
  }
  ask("option seed " + std::to_string(settings.seed));
  ask("option profile 1");
}

bool Runner::send(std::string_view line) { return process_->write(line); }

std::vector<std::string> Runner::ask(const std::string& request) {
  if (!send(request + "\n")) throw Death();
  std::vector<std::string> lines;
  while (auto line = process_->readLine()) {
    if (*line == "ok") return lines;
    if (line->starts_with("failed ")) throw std::runtime_error(decoded(std::string_view(*line).substr(7)));
    lines.push_back(std::move(*line));
  }
  throw Death();
}

std::string Runner::post() {
  const std::string end = process_->end(), errors = process_->errors();
  process_.reset();
  return "the runner ended (" + end + ")" + (errors.empty() ? "" : ":\n" + errors);
}

std::shared_ptr<const LibraryInfo> Runner::load(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto& known = libraries_[path];
  if (known) return known;
  try {
    start();
    const std::string id = "l" + std::to_string(libraries_.size());
    LibraryInfo info = parseLibrary(ask("library " + id + " " + encoded(path)));
    info.id = id;
    info.path = path;
    known_.insert(id);
    known = std::make_shared<const LibraryInfo>(std::move(info));
    return known;
  } catch (const Death&) {
    throw std::runtime_error(post());
  }
}

// Loads and maps what the batch uses and this process does not have yet.
void Runner::bring(const Batch& batch) {
  std::vector<std::string> forgotten;
  {
    std::lock_guard lock(forgottenMutex_);
    std::swap(forgotten, forgotten_);
  }
  for (const std::string& id : forgotten) {
    if (known_.erase(id) > 0) ask("release buffer " + id);
  }
  for (const auto& library : batch.libraries) {
    if (!known_.contains(library->id)) ask("library " + library->id + " " + encoded(library->path));
    known_.insert(library->id);
  }
  for (const auto& [memory, written] : batch.memories) {
    if (!known_.contains(memory->id)) {
      ask("buffer " + memory->id + " " + encoded(memory->path) + " " + std::to_string(memory->offset) + " " +
          std::to_string(memory->fileLength) + (memory->writable ? " rw" : " r"));
    }
    known_.insert(memory->id);
    memory->copyIn();
  }
}

BatchResult Runner::run(const Batch& batch) {
  std::lock_guard lock(mutex_);
  BatchResult result;
  result.times.resize(batch.dispatches);
  try {
    start();
    bring(batch);
    if (!send("begin\n") || !send(batch.requests) || !send("end\n")) throw Death();
    for (;;) {
      const auto line = process_->readLine();
      if (!line) throw Death();
      const auto f = fields(*line);
      if (f[0] == "done") break;
      if (f[0] == "failed") throw std::runtime_error(f.size() > 1 ? decoded(f[1]) : "refused");
      if (f[0] == "time" && f.size() >= 4 && number(f[1]) < batch.dispatches) {
        result.times[number(f[1])] = {seconds(f[2]), seconds(f[3])};
      } else if (f[0] == "report") {
        result.reports.push_back({reportText(f), reportDispatch(f)});
      } else if (f[0] == "suppressed" && f.size() > 1) {
        result.reports.push_back({"and " + std::string(f[1]) + " more", 0});
      }
    }
    for (const auto& [memory, written] : batch.memories) {
      if (written) memory->copyOut();
    }
  } catch (const Death&) {
    result.outcome = BatchResult::kDied;
    result.message = post();
  } catch (const std::runtime_error& error) {
    result.outcome = BatchResult::kRefused;
    result.message = error.what();
  }
  return result;
}

}  // namespace metal_sim
