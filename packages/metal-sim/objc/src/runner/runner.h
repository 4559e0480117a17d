// The client of the runner (runtime/PROTOCOL.md): one child process for each executable, shared by all devices, started
// when it is needed and again after it died.
#ifndef METAL_SIM_OBJC_RUNNER_H
#define METAL_SIM_OBJC_RUNNER_H

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "library_info.h"
#include "memory.h"
#include "process.h"

namespace metal_sim {

// What runs between a `begin` and an `end`.
struct Batch {
  std::string requests;  // lines: dispatch …, barrier
  size_t dispatches = 0;
  std::set<std::shared_ptr<const LibraryInfo>> libraries;
  std::map<std::shared_ptr<Memory>, bool> memories;  // and whether a kernel may write to it
};

struct BatchResult {
  enum { kDone, kRefused, kDied } outcome = kDone;
  std::string message;  // of a refusal or a death
  struct Report {
    std::string text;
    size_t dispatch;  // where it was noticed
  };
  std::vector<Report> reports;
  struct Time {
    double start, end;  // seconds of the monotonic clock
  };
  std::vector<Time> times;  // of each dispatch
};

class Runner : public std::enable_shared_from_this<Runner> {
 public:
  // The one that runs this executable.
  static std::shared_ptr<Runner> of(const std::string& executable);

  // Throws std::runtime_error.
  std::shared_ptr<const LibraryInfo> load(const std::string& path);
  BatchResult run(const Batch& batch);
  // Every runner unmaps the buffer before its next batch.
  static void forget(const std::string& buffer);

 private:
  explicit Runner(std::string executable) : executable_(std::move(executable)) {}

  void start();
  bool send(std::string_view line);
  // Sends a request that is answered by lines and `ok`; throws Death or std::runtime_error (refused).
  std::vector<std::string> ask(const std::string& request);
  void bring(const Batch& batch);
  std::string post();  // what is known of its death; the process is given up

  struct Death {};

  const std::string executable_;
  std::mutex mutex_;
  std::unique_ptr<Process> process_;
  std::set<std::string> known_;  // ids of what this process has loaded and mapped
  std::map<std::string, std::shared_ptr<const LibraryInfo>> libraries_;  // by path
  std::mutex forgottenMutex_;
  std::vector<std::string> forgotten_;
};

}  // namespace metal_sim
#endif
