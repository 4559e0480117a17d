#include "library.h"

#include <dlfcn.h>
#include <string.h>
#if defined(__linux__)
#include <link.h>
#endif

#include <algorithm>

#include "protocol.h"

namespace sim {
namespace {

std::vector<Library*>& loaded() {
  static std::vector<Library*> libraries;
  return libraries;
}

#if defined(__linux__)
int find_image(dl_phdr_info* info, size_t, void* data) {
  auto* library = static_cast<Library*>(data);
  uintptr_t low = UINTPTR_MAX, high = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    low = std::min<uintptr_t>(low, info->dlpi_addr + header.p_vaddr);
    high = std::max<uintptr_t>(high, info->dlpi_addr + header.p_vaddr + header.p_memsz);
  }
  if (library->anchor < low || library->anchor >= high) return 0;
  library->base = info->dlpi_addr;
  library->low = low;
  library->high = high;
  return 1;
}
#endif

const char* kind_name(uint32_t kind) {
  static const char* const names[] = {"device", "constant", "threadgroup", "builtin"};
  return kind < 4 ? names[kind] : "builtin";
}

const char* access_name(const sim_parameter& parameter) {
  static const char* const names[] = {"-", "r", "w", "rw"};
  return parameter.kind == sim_builtin ? "-" : names[parameter.access & 3];
}

}  // namespace

Library::~Library() {
  std::erase(loaded(), this);
  if (handle != nullptr) dlclose(handle);
}

const sim_kernel* Library::kernel(std::string_view name) const {
  for (uint32_t i = 0; i < table->kernel_count; ++i) {
    if (name == table->kernels[i].name) return &table->kernels[i];
  }
  return nullptr;
}

std::string Library::set_constants(const std::vector<Constant>& values) {
  for (uint32_t i = 0; i < table->constant_count; ++i) {
    const sim_constant& constant = table->constants[i];
    const auto value = std::find_if(values.begin(), values.end(), [&](const Constant& v) { return v.index == constant.index; });
    memset(constant.address, 0, constant.bytes);
    if (constant.defined != nullptr) *constant.defined = value != values.end();
    if (value == values.end()) continue;
    if (value->bytes.size() != constant.bytes) {
      return format("[constant] expected %u bytes for function_constant(%u) %s, got %zu", constant.bytes, constant.index,
                    constant.name, value->bytes.size());
    }
    memcpy(constant.address, value->bytes.data(), constant.bytes);
  }
  if (table->initialize != nullptr) table->initialize();
  return "";
}

std::string Library::description() const {
  std::string text;
  for (uint32_t i = 0; i < table->kernel_count; ++i) {
    const sim_kernel& kernel = table->kernels[i];
    text += format("kernel %s %u %u\n", encode(kernel.name).c_str(), kernel.max_threads == 0 ? 1024 : kernel.max_threads,
                   kernel.parameter_count);
    for (uint32_t j = 0; j < kernel.parameter_count; ++j) {
      const sim_parameter& p = kernel.parameters[j];
      text += format("parameter %s %s %s %u %s %u %u %s\n", encode(p.name).c_str(), encode(p.type).c_str(), kind_name(p.kind), p.index,
                     access_name(p), p.bytes, p.alignment, encode(p.condition == nullptr ? "" : p.condition).c_str());
    }
  }
  for (uint32_t i = 0; i < table->constant_count; ++i) {
    const sim_constant& c = table->constants[i];
    text += format("constant %s %s %u %u\n", encode(c.name).c_str(), encode(c.type).c_str(), c.index, c.bytes);
  }
  return text;
}

std::unique_ptr<Library> open_library(const std::string& path, std::string& error) {
  auto library = std::make_unique<Library>();
  library->path = path;
  library->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle == nullptr) {
    error = format("[library] cannot open %s: %s", path.c_str(), dlerror());
    return nullptr;
  }
  const auto table = reinterpret_cast<const sim_library* (*)()>(dlsym(library->handle, "sim_library_table"));
  if (table == nullptr) {
    error = format("[library] expected a compiled Metal library, got %s, which has no sim_library_table", path.c_str());
    return nullptr;
  }
  library->anchor = reinterpret_cast<uintptr_t>(table);
  library->table = table();
  if (library->table->version != SIM_ABI_VERSION) {
    error = format("[library] expected version %u, got %s with version %u. Compile it again.", SIM_ABI_VERSION, path.c_str(),
                   library->table->version);
    return nullptr;
  }
#if defined(__linux__)
  dl_iterate_phdr(find_image, library.get());
#endif
  loaded().push_back(library.get());
  return library;
}

Library* library_at(uintptr_t pc) {
  for (Library* library : loaded()) {
    if (pc >= library->low && pc < library->high) return library;
  }
  return nullptr;
}

uintptr_t full_address(uint32_t low_half) {
  for (const Library* library : loaded()) {
    const uintptr_t address = library->low + static_cast<uint32_t>(low_half - static_cast<uint32_t>(library->low));
    if (address < library->high) return address;
  }
  return 0;
}

}  // namespace sim
