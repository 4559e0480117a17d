// Compiled libraries: what they declare, where they lie, and the values of their function constants.
#ifndef METAL_SIM_LIBRARY_H
#define METAL_SIM_LIBRARY_H

#include <stdint.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi.h"
#include "line_table.h"

namespace sim {

struct Constant {
  uint32_t index;
  std::vector<uint8_t> bytes;
};

struct Library {
  std::string path;
  void* handle = nullptr;
  const sim_library* table = nullptr;
  uintptr_t anchor = 0;                   // an address of the image
  uintptr_t base = 0, low = 0, high = 0;  // load bias; addresses of the image
  uint32_t uses = 0;
  LineTable lines;  // read when a report needs it

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();

  const sim_kernel* kernel(std::string_view name) const;

  // Sets all function constants, zeros where `values` has none; a message where a value does not fit.
  std::string set_constants(const std::vector<Constant>& values);

  // The lines that answer `library`.
  std::string description() const;
};

// Null and a message when it is not a library of this version.
std::unique_ptr<Library> open_library(const std::string& path, std::string& error);

// The library whose code holds the address, or whose code holds an address with this low half; null if none.
Library* library_at(uintptr_t pc);
uintptr_t full_address(uint32_t low_half);

}  // namespace sim
#endif
