// Metal source -> a library that the runner can load, by the driver: a child process of the command that
// metal_sim_configure was given. What was compiled once in this process is not compiled again.
//
// The driver gets `--mode checked|fast --name NAME [-D NAME=VALUE]…` and the source on stdin, and answers on stdout
// with lines of the runner's kind: `library PATH` and `runner PATH` (strings encoded), or `failed LOG`.
#ifndef METAL_SIM_OBJC_COMPILER_H
#define METAL_SIM_OBJC_COMPILER_H

#include <string>
#include <utility>
#include <vector>

namespace metal_sim {

struct CompileOptions {
  std::string name = "program_source";  // what messages call the source: Apple's word for it
  std::vector<std::pair<std::string, std::string>> macros;
};

struct Compiled {
  std::string library, runner;
  std::string log;  // not empty: it failed
};

Compiled compile(const std::string& source, const CompileOptions& options);

}  // namespace metal_sim
#endif
