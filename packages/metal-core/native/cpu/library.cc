#include "library.h"

#include <cstring>

#include "../description.h"
#include "../graph.h"
#include "features.h"
#include "kernel_table.h"

namespace metal_core {
namespace {

constexpr uint32_t kMessageBytes = 1024;

class CpuLibrary;

class CpuKernel final : public Kernel {
 public:
  std::unique_ptr<Prepared> prepare(const Dispatch& dispatch) const override;
  std::shared_ptr<const CpuLibrary> library;
  const cpu_kernel* entry = nullptr;
};

class CpuLibrary final : public Library, public std::enable_shared_from_this<CpuLibrary> {
 public:
  CpuLibrary(const std::string& path, uint32_t isa) : object_(path) {
    const cpu_kernel_library* table = openTable(object_, path, isa);
    isa_ = table->isa ? std::string(table->isa, strnlen(table->isa, 64)) : "";
    table_ = table;
  }

  const std::string& isa() const override { return isa_; }

  std::vector<std::string> kernels() const override {
    std::vector<std::string> names;
    for (uint32_t i = 0; i < table_->kernel_count; i++) names.emplace_back(table_->kernels[i].name);
    return names;
  }

  std::shared_ptr<const Kernel> kernel(const std::string& name, const std::vector<std::string>& constantNames,
                                       const std::vector<uint32_t>& constantValues) override {
    const cpu_kernel* entry = nullptr;
    for (uint32_t i = 0; i < table_->kernel_count && !entry; i++) {
      if (name == table_->kernels[i].name) entry = &table_->kernels[i];
    }
    if (!entry) {
      throw Error(ErrorCode::kArgument, "[library.kernel] expected a kernel of this library, got '" + name +
                                            "'; library.kernels lists them");
    }
    auto kernel = std::make_shared<CpuKernel>();
    kernel->name = name;
    kernel->entry = entry;
    kernel->library = shared_from_this();
    for (uint32_t i = 0; i < entry->argument_count; i++) {
      const cpu_kernel_argument& a = entry->arguments[i];
      kernel->arguments.push_back({a.name, static_cast<Access>(a.access), a.alignment, a.value_size, a.optional != 0,
                                   a.may_alias});
    }
    for (uint32_t i = 0; i < entry->constant_count; i++) {
      const cpu_kernel_constant& c = entry->constants[i];
      kernel->constants.push_back({c.name, c.default_value, c.max_value});
    }
    kernel->constantValues = constantsOf(name, kernel->constants, constantNames, constantValues);
    return kernel;
  }

 private:
  SharedObject object_;
  const cpu_kernel_library* table_ = nullptr;
  std::string isa_;
};

std::unique_ptr<Prepared> CpuKernel::prepare(const Dispatch& dispatch) const {
  auto prepared = std::make_unique<CpuPrepared>();
  for (const Binding& binding : dispatch.bindings) {
    if (binding.buffer) {
      prepared->bindings.push_back({static_cast<uint8_t*>(binding.buffer->host()) + binding.offset, binding.size});
    } else {
      prepared->bindings.push_back({binding.value.data(), binding.value.size()});
    }
  }
  prepared->constants = constantValues;
  prepared->run = entry->run;
  prepared->threadgroups = 1;
  cpu_kernel_call& call = prepared->call;
  for (int i = 0; i < 3; i++) {
    call.grid[i] = dispatch.grid[i];
    call.threadgroup[i] = dispatch.threadgroup[i];
    prepared->threadgroups *= dispatch.grid[i];
  }
  call.bindings = prepared->bindings.data();
  call.constants = prepared->constants.data();
  char message[kMessageBytes] = {};
  call.message = message;
  call.message_size = kMessageBytes;
  int failed = 0;
  try {
    if (entry->check) failed = entry->check(&call);
    if (!failed && entry->scratch_bytes) prepared->scratchBytes = entry->scratch_bytes(&call);
  } catch (...) {
    throw Error(ErrorCode::kKernel, "[" + name + "] the check threw a C++ exception", name, dispatch.label);
  }
  message[kMessageBytes - 1] = 0;
  if (failed) {
    throw Error(ErrorCode::kKernel, "[" + name + "] " + (message[0] ? message : "the kernel refused the dispatch"),
                name, dispatch.label);
  }
  call.message = nullptr;
  call.message_size = 0;
  return prepared;
}

}  // namespace

std::shared_ptr<Library> loadCpuLibrary(const LibrarySource& source) {
  if (source.kind != "shared") {
    throw Error(ErrorCode::kLibrary, "[device.loadLibrary] expected a library of kind 'shared' for the cpu device, got '" +
                                         source.kind + "'; build its kernels as a shared library behind cpu_kernel.h");
  }
  // dlopen looks a bare name up in system folders, which is never meant here.
  if (source.path.find('/') == std::string::npos) {
    throw Error(ErrorCode::kLibrary,
                "[device.loadLibrary] expected a path with a folder, got the bare name: " + source.path);
  }
  return std::make_shared<CpuLibrary>(source.path, capIsa(supportedIsa(), source.isa));
}

}  // namespace metal_core
