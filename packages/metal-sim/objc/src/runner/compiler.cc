#include "compiler.h"

#include <map>
#include <mutex>
#include <stdexcept>

#include "../metal/configuration.h"
#include "process.h"
#include "wire.h"

namespace metal_sim {
namespace {

using Key = std::vector<std::string>;  // command and source

struct Cache {
  std::mutex mutex;
  std::map<Key, Compiled> entries;
};

Cache& cache() {
  static auto* const only = new Cache;
  return *only;
}

Compiled drive(const std::vector<std::string>& command, const std::vector<std::string>& environment,
               const std::string& source) {
  Compiled result;
  try {
    Process driver(command, environment);
    driver.write(source);
    driver.closeInput();
    while (const auto line = driver.readLine()) {
      const auto f = fields(*line);
      if (f.size() < 2) continue;
      if (f[0] == "library") result.library = decoded(f[1]);
      if (f[0] == "runner") result.runner = decoded(f[1]);
      if (f[0] == "failed") result.log = decoded(f[1]);
    }
    const std::string end = driver.end();
    if (result.log.empty() && (result.library.empty() || result.runner.empty())) {
      result.log = "[metal-sim] expected the driver to answer, got " + end + ":\n" + driver.errors();
    }
  } catch (const std::runtime_error& error) {
    result.log = std::string("[metal-sim] ") + error.what();
  }
  return result;
}

}  // namespace

Compiled compile(const std::string& source, const CompileOptions& options) {
  const MetalSimConfiguration settings = configuration();
  if (settings.driver.empty()) {
    return {"", "",
            "[metal-sim] expected the command of a compiler driver, got none. Call metal_sim_configure() first."};
  }
  std::vector<std::string> command = settings.driver;
  command.insert(command.end(), {"--mode", settings.mode, "--name", options.name});
  for (const auto& [name, value] : options.macros) command.insert(command.end(), {"-D", name + "=" + value});

  Key key = command;
  key.push_back(source);
  {
    std::lock_guard lock(cache().mutex);
    const auto found = cache().entries.find(key);
    if (found != cache().entries.end()) return found->second;
  }
  Compiled result = drive(command, settings.environment, source);
  if (result.log.empty()) {
    std::lock_guard lock(cache().mutex);
    cache().entries[key] = result;
  }
  return result;
}

}  // namespace metal_sim
