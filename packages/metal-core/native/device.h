// The one interface that a device implements; the Node-API bindings are written once over it.
//
// All functions are called on the thread of the JavaScript environment that owns the device, and none of them waits for
// the device's work. Callbacks (`OnDone`, ...) come from any thread, exactly once each, also when the device is stopped.
#ifndef METAL_CORE_DEVICE_H
#define METAL_CORE_DEVICE_H

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "submission.h"

namespace metal_core {

enum class Storage { kShared, kPrivate };

// The numbers of cpu_kernel.h.
enum class Access : uint32_t { kRead = 1, kWrite = 2, kReadWrite = 3, kValue = 4 };
inline bool writes(Access access) { return access == Access::kWrite || access == Access::kReadWrite; }

using Size3 = std::array<uint32_t, 3>;

struct DeviceInfo {
  std::string backend, name;
  uint32_t cores = 0, threads = 0;
  uint64_t memoryBytes = 0;
  double copyGigabytesPerSecond = 0;
  std::vector<std::string> features;
  uint32_t pageBytes = 0, offsetAlignment = 0, maxThreadsPerThreadgroup = 0;
};

// Memory of a device. Kept alive by shared pointers: of its JavaScript object, of graphs that bind it, of submissions in
// flight and of the ArrayBuffer that shows it to JavaScript.
class Buffer {
 public:
  Buffer(uint64_t byteLength, Storage storage, bool writable)
      : byteLength(byteLength), storage(storage), writable(writable) {}
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Where the host sees it; null when it cannot. The bindings show it to JavaScript only when storage is shared.
  virtual void* host() const = 0;
  // The device's address: what alignment is checked against.
  virtual uint64_t address() const = 0;
  // Gives the memory back to the system while its addresses stay valid, where that is possible. Only for a buffer that nothing uses.
  virtual void discard() {}

  const uint64_t byteLength;
  const Storage storage;
  const bool writable;
};

struct Argument {
  std::string name;
  Access access = Access::kRead;
  uint32_t alignment = 1;   // bytes, a power of two
  uint32_t valueBytes = 0;  // of a by-value argument
  bool optional = false;
  uint32_t mayAlias = 0;    // 1 + index of an argument whose range this one may equal, or 0
};

struct Constant {
  std::string name;
  uint32_t defaultValue = 0, maxValue = 0;
};

struct Dispatch;

// What a device keeps for a recorded dispatch: resolved addresses, sizes of scratch, a pipeline state.
class Prepared {
 public:
  virtual ~Prepared() = default;
};

// A kernel with its function constants fixed.
class Kernel {
 public:
  virtual ~Kernel() = default;
  // The dispatch has been checked against `arguments`. Throws Error (kKernel) when the kernel refuses it.
  virtual std::unique_ptr<Prepared> prepare(const Dispatch& dispatch) const = 0;
  // Most threads in a threadgroup of this kernel (registers can make it less than the device's); 0: as many as the
  // device allows.
  virtual uint32_t maxThreadsPerThreadgroup() const { return 0; }

  std::string name;
  std::vector<Argument> arguments;
  std::vector<Constant> constants;
  std::vector<uint32_t> constantValues;  // one for each constant
};

class Library {
 public:
  virtual ~Library() = default;
  virtual const std::string& isa() const = 0;
  virtual std::vector<std::string> kernels() const = 0;
  // The kernel must keep its library alive. Constants that are not named keep their defaults. Does not wait for a
  // compiler: arguments and constants are known from the library's table, the pipeline is compiled in the background,
  // and the first submission that uses it waits for it, on the device's side. A pipeline that does not compile fails
  // that submission (kLibrary).
  virtual std::shared_ptr<const Kernel> kernel(const std::string& name, const std::vector<std::string>& constantNames,
                                               const std::vector<uint32_t>& constantValues) = 0;
};

// What is known of a kernel of Metal source before its pipeline is compiled: argument i is [[buffer(i)]], constant i is
// [[function_constant(i)]]. With failures, the status of the dispatch (submission.h) is bound after the last argument.
struct KernelDescription {
  std::string name;
  std::vector<Argument> arguments;
  std::vector<Constant> constants;
  std::vector<std::string> failures;  // "{0}" and "{1}" stand for the details
};

struct LibrarySource {
  std::string kind;    // "shared", "metal", "metallib"
  std::string path;    // shared, metallib
  std::string source;  // metal
  std::string name;    // metal, for messages
  std::string isa;     // shared: the best instruction set to offer; empty: all there are
  std::vector<KernelDescription> kernels;  // metal, metallib: the others are described by the compiler; see description.h
};

class Graph;

using OnInfo = std::function<void(std::optional<Error>, DeviceInfo)>;
using OnLibrary = std::function<void(std::optional<Error>, std::shared_ptr<Library>)>;
using OnDone = std::function<void(Outcome)>;
using OnRead = std::function<void(std::optional<Error>, std::vector<uint8_t>)>;

class Device {
 public:
  virtual ~Device() = default;  // waits for the device's threads

  // Measures and describes the device; not on the caller's thread.
  virtual void describe(OnInfo onInfo) = 0;

  // Zero-filled, or a copy of `data` (byteLength bytes) when it is not null. Throws kOutOfMemory.
  virtual std::shared_ptr<Buffer> allocate(uint64_t byteLength, Storage storage, const void* data) = 0;
  // Read-only map; byteLength 0: to the end of the file. Throws kFile.
  virtual std::shared_ptr<Buffer> mapFile(const std::string& path, uint64_t offset, uint64_t byteLength) = 0;
  // Compiling source takes long: never on the caller's thread. Errors: kLibrary.
  virtual void loadLibrary(const LibrarySource& source, OnLibrary onLibrary) = 0;

  // Called once for each graph, when it is frozen: what the device makes of all its dispatches, such as a CUDA graph that
  // is instantiated or an indirect command buffer. The graph keeps it, also when the
  // device has ended before it: what is made holds what it needs by shared pointers. Throws Error; the graph then stays
  // as it was.
  virtual std::unique_ptr<Prepared> finish(const Graph&) { return nullptr; }

  // What follows is queued, and run first in, first out. Ranges have been checked.
  virtual std::shared_ptr<Submission> submit(std::shared_ptr<const Graph> graph, SubmitOptions options,
                                             OnDone onDone) = 0;
  virtual void read(std::shared_ptr<Buffer> buffer, uint64_t offset, uint64_t byteLength, OnRead onRead) = 0;
  virtual void write(std::shared_ptr<Buffer> buffer, uint64_t offset, const uint8_t* data, uint64_t byteLength,
                     OnDone onDone) = 0;

  // Makes what is queued end with kDisposed (a submission that runs stops after the dispatches under way), then calls
  // `stopped`. Does not wait.
  virtual void stop(std::function<void()> stopped) = 0;

  // Whether the host looks at a submission's done flag, which must then be in memory that the host sees.
  virtual bool looksAtDone() const { return true; }

  // Limits that recording checks.
  virtual uint32_t maxThreadsPerThreadgroup() const = 0;
};

struct DeviceOptions {
  uint32_t threads = 0;  // cpu: 0 means as many as cores
};

// Backends that this build has, best first; throws kUnavailable when the device cannot be had.
std::vector<std::string> backends();
std::shared_ptr<Device> createDevice(const std::string& backend, const DeviceOptions& options);

}  // namespace metal_core
#endif
