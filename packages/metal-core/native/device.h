// The one interface that a device implements; the Node-API bindings are written once over it.
//
// All functions are called on the thread of the JavaScript environment that owns the device, and none of them waits for
// the device's work. Callbacks (`OnDone`, ...) come from any thread, exactly once each, also when the device is stopped.
#ifndef METAL_CORE_DEVICE_H
#define METAL_CORE_DEVICE_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "error.h"

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
  // The kernel must keep its library alive. Constants that are not named keep their defaults.
  virtual std::shared_ptr<const Kernel> kernel(const std::string& name, const std::vector<std::string>& constantNames,
                                               const std::vector<uint32_t>& constantValues) = 0;
};

struct LibrarySource {
  std::string kind;    // "shared", "metal", "metallib"
  std::string path;    // shared, metallib
  std::string source;  // metal
  std::string name;    // metal, for messages
  std::string isa;     // shared: the best instruction set to offer; empty: all there are
};

class Graph;

// Handed out by submit; `cancel` is looked at between steps.
struct Submission {
  std::atomic<bool> cancel{false};
};

struct SubmitOptions {
  uint32_t steps = 1;
  std::shared_ptr<Buffer> done;  // host-visible; a uint32 at doneOffset, non-zero: the remaining steps are no-ops
  uint64_t doneOffset = 0;
  bool profile = false;
};

// Times are nanoseconds of a monotonic clock.
struct Outcome {
  std::optional<Error> error;
  int64_t startNs = 0, endNs = 0;
  uint32_t steps = 0;             // that ran
  bool cancelled = false;
  std::vector<int64_t> times;     // profile: start and end of each dispatch, in the order run
};

using OnInfo = std::function<void(std::optional<Error>, DeviceInfo)>;
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
  virtual std::shared_ptr<Library> loadLibrary(const LibrarySource& source) = 0;

  // What follows is queued, and run first in, first out. Ranges have been checked.
  virtual std::shared_ptr<Submission> submit(std::shared_ptr<const Graph> graph, SubmitOptions options,
                                             OnDone onDone) = 0;
  virtual void read(std::shared_ptr<Buffer> buffer, uint64_t offset, uint64_t byteLength, OnRead onRead) = 0;
  virtual void write(std::shared_ptr<Buffer> buffer, uint64_t offset, const uint8_t* data, uint64_t byteLength,
                     OnDone onDone) = 0;

  // Makes what is queued end with kDisposed (a submission that runs stops after the dispatches under way), then calls
  // `stopped`. Does not wait.
  virtual void stop(std::function<void()> stopped) = 0;

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
