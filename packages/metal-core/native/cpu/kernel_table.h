// Opening a shared library of kernels and checking the table it exports.
#ifndef METAL_CORE_CPU_KERNEL_TABLE_H
#define METAL_CORE_CPU_KERNEL_TABLE_H

#include <string>

#include "../../include/cpu_kernel.h"

namespace metal_core {

// A library opened with dlopen; closed with the object. Throws Error (kLibrary).
class SharedObject {
 public:
  explicit SharedObject(const std::string& path);
  ~SharedObject();
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;
  void* symbol(const char* name) const;

 private:
  void* handle_ = nullptr;
};

// Asks the library for its table and checks every entry. Throws Error (kLibrary).
const cpu_kernel_library* openTable(const SharedObject& object, const std::string& path, uint32_t isa);

}  // namespace metal_core
#endif
