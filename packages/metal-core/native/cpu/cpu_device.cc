#include "cpu_device.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "../task_queue.h"
#include "bandwidth.h"
#include "executor.h"
#include "features.h"
#include "library.h"
#include "limits.h"
#include "memory.h"

namespace metal_core {
namespace {

Error disposed(const char* op) {
  return Error(ErrorCode::kDisposed, std::string("[") + op + "] expected a device that lives until the work is done, got "
                                     "a disposed one; await the work before dispose()");
}

// Runs on the queue's thread: an exception here would end the process.
template <class Work>
std::optional<Error> attempt(Work work) {
  try {
    work();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kOutOfMemory, "[device] expected memory for the work, got none; dispose buffers");
  } catch (const std::exception& error) {
    return Error(ErrorCode::kKernel, std::string("[device] ") + error.what());
  }
}

class CpuDevice final : public Device {
 public:
  CpuDevice(const SystemLimits& limits, uint32_t threads)
      : limits_(limits), pool_(threads), executor_(pool_, [this] { return queue_.stopping(); }) {}

  void describe(OnInfo onInfo) override {
    queue_.push([this, onInfo = std::move(onInfo)](bool stopped) {
      DeviceInfo info;
      std::optional<Error> error;
      if (stopped) {
        error = disposed("createDevice");
      } else {
        error = attempt([&] { info = measuredInfo(); });
      }
      onInfo(std::move(error), std::move(info));
    });
  }

  std::shared_ptr<Buffer> allocate(uint64_t byteLength, Storage storage, const void* data) override {
    if (byteLength > limits_.memoryBytes) {
      throw Error(ErrorCode::kOutOfMemory, "[device.createBuffer] expected at most the " +
                                               std::to_string(limits_.memoryBytes) + " bytes of memory there are, got " +
                                               std::to_string(byteLength) + "; use a smaller buffer");
    }
    return allocateMemory(byteLength, storage, data);
  }

  std::shared_ptr<Buffer> mapFile(const std::string& path, uint64_t offset, uint64_t byteLength) override {
    return mapFileMemory(path, offset, byteLength);
  }

  // Compiled before: opening it takes less than handing it to another thread would.
  void loadLibrary(const LibrarySource& source, OnLibrary onLibrary) override {
    std::shared_ptr<Library> library;
    auto error = attempt([&] { library = loadCpuLibrary(source); });
    onLibrary(std::move(error), std::move(library));
  }

  std::unique_ptr<Prepared> finish(const Graph& graph) override {
    return std::make_unique<CpuCosts>(graph.dispatches().size());
  }

  std::shared_ptr<Submission> submit(std::shared_ptr<const Graph> graph, SubmitOptions options,
                                     OnDone onDone) override {
    auto submission = std::make_shared<Submission>();
    queue_.push([this, graph = std::move(graph), options = std::move(options), onDone = std::move(onDone),
                 submission](bool stopped) {
      Outcome outcome;
      if (stopped) {
        outcome.error = disposed("graph.submit");
      } else if (auto error = attempt([&] { outcome = executor_.execute(*graph, options, *submission); })) {
        outcome.error = std::move(error);
      }
      onDone(std::move(outcome));
    });
    return submission;
  }

  void read(std::shared_ptr<Buffer> buffer, uint64_t offset, uint64_t byteLength, OnRead onRead) override {
    queue_.push([buffer = std::move(buffer), offset, byteLength, onRead = std::move(onRead)](bool stopped) {
      std::vector<uint8_t> bytes;
      std::optional<Error> error;
      if (stopped) {
        error = disposed("buffer.read");
      } else {
        error = attempt([&] {
          const auto* from = static_cast<const uint8_t*>(buffer->host()) + offset;
          bytes.assign(from, from + byteLength);
        });
      }
      onRead(std::move(error), std::move(bytes));
    });
  }

  void write(std::shared_ptr<Buffer> buffer, uint64_t offset, const uint8_t* data, uint64_t byteLength,
             OnDone onDone) override {
    auto* to = static_cast<uint8_t*>(buffer->host()) + offset;
    if (queue_.idle()) {  // nothing can read or write the buffer before this: spare a copy
      std::memcpy(to, data, byteLength);
      onDone(Outcome{});
      return;
    }
    queue_.push([buffer = std::move(buffer), to, bytes = std::vector<uint8_t>(data, data + byteLength),
                 onDone = std::move(onDone)](bool stopped) {
      Outcome outcome;
      if (stopped) {
        outcome.error = disposed("buffer.write");
      } else {
        std::memcpy(to, bytes.data(), bytes.size());
      }
      onDone(std::move(outcome));
    });
  }

  void stop(std::function<void()> stopped) override { queue_.stop(std::move(stopped)); }

  // Kernels for CPUs usually ignore threadgroups; the limit keeps graphs portable to Metal.
  uint32_t maxThreadsPerThreadgroup() const override { return kMaxThreads; }

 private:
  static constexpr uint32_t kMaxThreads = 1024;

  DeviceInfo measuredInfo() {
    DeviceInfo info;
    info.backend = "cpu";
    info.name = processorName();
    info.cores = limits_.cores;
    info.threads = pool_.threads();
    info.memoryBytes = limits_.memoryBytes;
    info.copyGigabytesPerSecond = metal_core::copyGigabytesPerSecond(pool_, limits_.memoryBytes);
    info.features = isaNames(supportedIsa());
    info.pageBytes = kPageBytes;
    info.offsetAlignment = AlignedBytes::kAlignment;
    info.maxThreadsPerThreadgroup = kMaxThreads;
    return info;
  }

  const SystemLimits limits_;
  Pool pool_;
  Executor executor_;
  TaskQueue queue_;  // last: its thread ends before what it uses
};

}  // namespace

std::shared_ptr<Device> createCpuDevice(uint32_t threads) {
  const SystemLimits limits = readLimits("");
  const uint32_t used = threads == 0 ? limits.cores : std::min(threads, limits.cores);
  try {
    return std::make_shared<CpuDevice>(limits, used);
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kUnavailable, "[createDevice] expected the system to start " + std::to_string(used) +
                                             " threads, got \"" + error.what() + "\"; ask for fewer threads");
  }
}

}  // namespace metal_core
