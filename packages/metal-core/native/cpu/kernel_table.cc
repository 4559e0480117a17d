#include "kernel_table.h"

#include <cstring>
#include <fstream>
#include <set>

#include <dlfcn.h>
#if defined(__linux__)
#include <elf.h>  // Elf64_Ehdr
#endif

#include "../aligned_bytes.h"
#include "../error.h"

namespace metal_core {
namespace {

constexpr uint32_t kMaxKernels = 65536, kMaxArguments = 64, kMaxConstants = 64, kMaxName = 256;
constexpr uint32_t kMaxAlignment = 16384;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kLibrary, "[device.loadLibrary] " + what + ": " + path);
}

// dlopen maps a library whose end is missing, and the process ends with SIGBUS when that part is touched. Linkers put
// the table of sections last, so a file that holds it is whole.
bool truncated(const std::string& path) {
#if defined(__linux__) && defined(__LP64__)
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<uint64_t>(file.tellg());
  Elf64_Ehdr header{};
  if (!file || size < sizeof header) return false;  // dlopen says what is wrong with it
  file.seekg(0);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  return header.e_shoff > size || uint64_t{header.e_shentsize} * header.e_shnum > size - header.e_shoff;
#else
  (void)path;
  return false;
#endif
}

bool goodName(const char* name) {
  if (!name || !name[0]) return false;
  return strnlen(name, kMaxName) < kMaxName;
}

// Checks one entry of the table; returns what is wrong with it, or null.
const char* defect(const cpu_kernel& kernel) {
  if (!goodName(kernel.name)) return "a name of 1 to 255 bytes";
  if (!kernel.run) return "a run function";
  if (kernel.argument_count > kMaxArguments) return "at most 64 arguments";
  if (kernel.argument_count > 0 && !kernel.arguments) return "a table of arguments";
  if (kernel.constant_count > kMaxConstants) return "at most 64 constants";
  if (kernel.constant_count > 0 && !kernel.constants) return "a table of constants";
  std::set<std::string> names;
  for (uint32_t i = 0; i < kernel.argument_count; i++) {
    const cpu_kernel_argument& a = kernel.arguments[i];
    if (!goodName(a.name) || !names.insert(a.name).second) return "argument names of 1 to 255 bytes that differ";
    if (a.access < CPU_KERNEL_READ || a.access > CPU_KERNEL_VALUE) return "a known access of each argument";
    if (a.alignment == 0 || (a.alignment & (a.alignment - 1)) != 0 || a.alignment > kMaxAlignment) {
      return "alignments that are powers of two up to 16384";
    }
    const bool value = a.access == CPU_KERNEL_VALUE;
    if (value && (a.value_size == 0 || a.value_size > CPU_KERNEL_VALUE_BYTES)) return "by-value sizes of 1 to 4096";
    if (value && a.alignment > AlignedBytes::kAlignment) return "by-value alignments up to 64";
    if (!value && a.value_size != 0) return "value_size 0 of an argument that is not by value";
    if (a.optional > 1) return "optional 0 or 1";
    if (a.may_alias > kernel.argument_count || a.may_alias == i + 1) return "may_alias 0 or 1 + the index of another argument";
  }
  names.clear();
  for (uint32_t i = 0; i < kernel.constant_count; i++) {
    const cpu_kernel_constant& c = kernel.constants[i];
    if (!goodName(c.name) || !names.insert(c.name).second) return "constant names of 1 to 255 bytes that differ";
    if (c.default_value > c.max_value) return "defaults of constants up to their maximum";
  }
  return nullptr;
}

}  // namespace

SharedObject::SharedObject(const std::string& path) {
  if (truncated(path)) refuse(path, "expected a whole shared library, got a truncated file; build it again");
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_) return;
  const char* reason = dlerror();
  refuse(path, std::string("expected a shared library that loads, got \"") + (reason ? reason : "no reason") +
                   "\"; build it for this platform and check the path");
}

SharedObject::~SharedObject() { dlclose(handle_); }

void* SharedObject::symbol(const char* name) const { return dlsym(handle_, name); }

const cpu_kernel_library* openTable(const SharedObject& object, const std::string& path, uint32_t isa) {
  using Open = decltype(&cpu_kernel_library_open);
  const auto open = reinterpret_cast<Open>(object.symbol("cpu_kernel_library_open"));
  if (!open) {
    refuse(path, "expected an exported function cpu_kernel_library_open, got none; see cpu_kernel.h");
  }
  const cpu_kernel_library* table = nullptr;
  try {
    table = open(isa);
  } catch (...) {
    refuse(path, "expected cpu_kernel_library_open to return a table, got a C++ exception");
  }
  if (!table) refuse(path, "expected cpu_kernel_library_open to return a table, got null");
  if (table->abi != CPU_KERNEL_ABI) {
    refuse(path, "expected ABI " + std::to_string(CPU_KERNEL_ABI) + ", got ABI " + std::to_string(table->abi) +
                     "; build the library against this version's cpu_kernel.h");
  }
  if (table->kernel_count > kMaxKernels || (table->kernel_count > 0 && !table->kernels)) {
    refuse(path, "expected a table of at most 65536 kernels, got a malformed one");
  }
  std::set<std::string> names;
  for (uint32_t i = 0; i < table->kernel_count; i++) {
    const cpu_kernel& kernel = table->kernels[i];
    if (const char* wanted = defect(kernel)) {
      refuse(path, "expected " + std::string(wanted) + ", got another of kernel " +
                       (goodName(kernel.name) ? kernel.name : "number " + std::to_string(i)) + "; mend its table");
    }
    if (!names.insert(kernel.name).second) {
      refuse(path, std::string("expected kernels of different names, got two named ") + kernel.name);
    }
  }
  return table;
}

}  // namespace metal_core
