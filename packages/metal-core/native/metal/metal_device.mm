#include "metal_device.h"

#include <atomic>
#include <cstring>

#include "../description.h"
#include "blits.h"
#include "describe.h"
#include "library.h"
#include "run.h"

namespace metal_core {
namespace {

Error disposed(const char* op) {
  return Error(ErrorCode::kDisposed, std::string("[") + op + "] expected a device that lives until the work is done, got "
                                     "a disposed one; await the work before dispose()");
}

std::shared_ptr<MetalBuffer> toMetal(std::shared_ptr<Buffer> buffer) {
  return std::static_pointer_cast<MetalBuffer>(std::move(buffer));
}

class MetalDevice final : public Device {
 public:
  explicit MetalDevice(std::shared_ptr<MetalContext> context)
      : context_(std::move(context)), builtins_(context_->device()), clock_(context_->device()),
        mostThreads_(static_cast<uint32_t>([context_->device() maxThreadsPerThreadgroup].width)),
        compiler_(std::make_shared<Compiler>()), stream_(context_) {}

  void describe(OnInfo onInfo) override {
    stream_.push([this, onInfo = std::move(onInfo)](bool stopped) {
      std::optional<Error> error;
      DeviceInfo info;
      if (stopped) error = disposed("createDevice");
      try {
        if (!stopped) info = describeMetal(*context_);
      } catch (const Error& thrown) {
        error = thrown;
      }
      onInfo(std::move(error), std::move(info));
    });
  }

  std::shared_ptr<Buffer> allocate(uint64_t byteLength, Storage storage, const void* data) override {
    const AutoreleasePool pool;
    auto buffer = allocateMetal(context_, byteLength, storage);
    if (!data) return buffer;
    if (buffer->host()) {
      std::memcpy(buffer->host(), data, byteLength);
    } else {
      upload(buffer, 0, static_cast<const uint8_t*>(data), byteLength, nullptr);
    }
    return buffer;
  }

  std::shared_ptr<Buffer> mapFile(const std::string& path, uint64_t offset, uint64_t byteLength) override {
    const AutoreleasePool pool;
    return mapFileMetal(context_, path, offset, byteLength);
  }

  void loadLibrary(const LibrarySource& source, OnLibrary onLibrary) override {
    checkDescriptions(source.kernels);
    std::weak_ptr<Compiler> compiler = compiler_;  // a task that held it could be the last to, on one of its threads
    compiler_->push([context = context_, compiler, source, onLibrary = std::move(onLibrary)](bool stopped) {
      std::shared_ptr<Library> library;
      std::optional<Error> error;
      if (stopped) error = disposed("device.loadLibrary");
      try {
        if (!stopped) library = loadMetalLibrary(context, compiler, source);
      } catch (const Error& thrown) {
        error = thrown;
      } catch (const std::bad_alloc&) {
        error = Error(ErrorCode::kOutOfMemory, "[device.loadLibrary] expected memory for the library, got none");
      }
      onLibrary(std::move(error), std::move(library));
    });
  }

  std::unique_ptr<Prepared> finish(const Graph& graph) override {
    const AutoreleasePool pool;
    return std::make_unique<MetalPlan>(context_, graph);
  }

  std::shared_ptr<Submission> submit(std::shared_ptr<const Graph> graph, SubmitOptions options, OnDone onDone) override {
    auto submission = std::make_shared<Submission>();
    auto run = std::make_shared<Run>(Engine{context_, stream_, builtins_, clock_}, std::move(graph), std::move(options),
                                     submission, std::move(onDone));
    stream_.push([run = std::move(run)](bool stopped) { run->start(stopped); });
    return submission;
  }

  void read(std::shared_ptr<Buffer> buffer, uint64_t offset, uint64_t byteLength, OnRead onRead) override {
    stream_.push([this, buffer = toMetal(std::move(buffer)), offset, byteLength, onRead = std::move(onRead)](bool) {
      download(context_, stream_, buffer, offset, byteLength, onRead);
    });
  }

  void write(std::shared_ptr<Buffer> buffer, uint64_t offset, const uint8_t* data, uint64_t byteLength,
             OnDone onDone) override {
    const AutoreleasePool pool;
    upload(toMetal(std::move(buffer)), offset, data, byteLength, std::move(onDone));
  }

  void stop(std::function<void()> stopped) override {
    // Both at once: what waits for a pipeline that will not be compiled has to be told so.
    auto left = std::make_shared<std::atomic<int>>(2);
    const auto tell = [left, stopped = std::move(stopped)] {
      if (left->fetch_sub(1) == 1 && stopped) stopped();
    };
    compiler_->stop(tell);
    stream_.stop(tell);
  }

  bool looksAtDone() const override { return false; }
  uint32_t maxThreadsPerThreadgroup() const override { return mostThreads_; }

 private:
  // Without `onDone` (a new buffer's contents) a failure is told with the next result of the device.
  void upload(std::shared_ptr<MetalBuffer> buffer, uint64_t offset, const uint8_t* data, uint64_t byteLength, OnDone onDone) {
    auto bytes = std::make_shared<Upload>(context_, std::move(buffer), offset, data, byteLength);
    stream_.push([this, bytes = std::move(bytes), onDone = std::move(onDone)](bool stopped) {
      auto outcome = std::make_shared<Outcome>();
      try {
        if (!stopped) {
          const auto commands = stream_.commands("write");
          bytes->encode(commands.get(), builtins_);
          stream_.commit(commands, [bytes, outcome](id<MTLCommandBuffer> done) {
            if ([done status] == MTLCommandBufferStatusError) outcome->error = failureOf(done, "buffer.write");
          });
        }
      } catch (const Error& error) {
        outcome->error = error;
      }
      stream_.after([this, outcome, onDone](bool ended) {
        if (!onDone) {
          if (outcome->error) stream_.keepFailure(std::move(*outcome->error));
          return;
        }
        if (ended || stream_.stopping()) outcome->error = disposed("buffer.write");
        if (!outcome->error) outcome->error = stream_.takeFailure();
        onDone(std::move(*outcome));
      });
    });
  }

  const std::shared_ptr<MetalContext> context_;
  Builtins builtins_;  // of the encoding thread
  GpuClock clock_;     // of the waiting thread
  const uint32_t mostThreads_;
  const std::shared_ptr<Compiler> compiler_;
  Stream stream_;  // last: its threads end before what they use
};

}  // namespace

bool metalSupported() {
#if defined(METAL_CORE_SOFTWARE_METAL)
  return true;
#elif defined(__aarch64__)
  if (@available(macOS 14.0, *)) return true;
  return false;
#else
  return false;
#endif
}

std::shared_ptr<Device> createMetalDevice() {
  const AutoreleasePool pool;
  return std::make_shared<MetalDevice>(std::make_shared<MetalContext>());
}

}  // namespace metal_core
