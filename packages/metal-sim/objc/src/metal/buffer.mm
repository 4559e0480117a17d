#include "buffer.h"

#include <Block.h>
#include <unistd.h>

#include <cstring>

#include "../runner/runner.h"
#include "configuration.h"

using metal_sim::Memory;
using metal_sim::reject;
using metal_sim::require;

namespace {

using Deallocator = void (^)(void*, NSUInteger);

constexpr uint64_t kAlignment = 16384;
std::atomic<uint64_t> nextAddress = uint64_t{1} << 32;

struct Contents : metal_sim::DeviceObject {
  Contents(id<MTLDevice> device, std::shared_ptr<Memory> memory, MTLResourceOptions options, Deallocator deallocator)
      : DeviceObject(device), memory(std::move(memory)), options(options), deallocator(Block_copy(deallocator)) {
    this->memory->tracked = hazardTracking() != MTLHazardTrackingModeUntracked;
  }

  ~Contents() override {
    require(memory->unretainedUses == 0, "-[MTLBuffer dealloc]",
            "a buffer is released while a command buffer with unretained references uses it");
    metal_sim::Runner::forget(memory->id);
    if (deallocator) deallocator(memory->host, memory->length);
    Block_release(deallocator);
  }

  MTLStorageMode storage() const { return static_cast<MTLStorageMode>((options >> MTLResourceStorageModeShift) & 15); }
  MTLHazardTrackingMode hazardTracking() const {
    return static_cast<MTLHazardTrackingMode>((options >> MTLResourceHazardTrackingModeShift) & 3);
  }

  std::shared_ptr<Memory> memory;
  MTLResourceOptions options;
  Deallocator deallocator;
  // Unique, aligned as Apple's are, and of no use inside a kernel.
  const uint64_t address = nextAddress.fetch_add((memory->length + kAlignment - 1) / kAlignment * kAlignment);
};

Contents& state(id buffer) { return metal_sim::stateOf<Contents>(buffer); }

bool plausible(NSUInteger length, MTLResourceOptions options, const char* method) {
  if (!require(length > 0, method, "length must not be 0")) return false;
  const auto storage = (options >> MTLResourceStorageModeShift) & 15;
  return require(storage <= MTLStorageModePrivate, method,
                 "storage mode " + std::to_string(storage) + " is not one that buffers can have");
}

}  // namespace

namespace metal_sim {

const std::shared_ptr<Memory>& memoryOf(id<MTLBuffer> buffer) { return state(buffer).memory; }

NSUInteger maxBufferLength() {
  const size_t set = configuration().maxBufferLength;
  return set > 0 ? set
                 : static_cast<NSUInteger>(sysconf(_SC_PHYS_PAGES)) * static_cast<NSUInteger>(sysconf(_SC_PAGESIZE)) /
                       4 * 3;
}

id<MTLBuffer> makeBuffer(id<MTLDevice> device, const void* bytes, NSUInteger length, MTLResourceOptions options,
                         const char* method) {
  if (!plausible(length, options, method)) return nil;
  if (takeFault(MTLSimFailNextAllocation) || length > maxBufferLength()) return nil;
  std::shared_ptr<Memory> memory = Memory::allocate(length);
  if (!memory) return nil;
  if (bytes) std::memcpy(memory->host, bytes, length);
  return withState<Contents>([SimBuffer alloc], device, std::move(memory), options, nullptr);
}

id<MTLBuffer> wrapBuffer(id<MTLDevice> device, void* bytes, NSUInteger length, MTLResourceOptions options,
                         Deallocator deallocator) {
  constexpr auto* method = "-[MTLDevice newBufferWithBytesNoCopy:length:options:deallocator:]";
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uintptr_t>(bytes);
  if (!plausible(length, options, method) ||
      !require(address % page == 0, method, "pointer is not " + std::to_string(page) + " byte aligned") ||
      !require(length % page == 0, method,
               "length (" + std::to_string(length) + ") is not a multiple of the page size, " + std::to_string(page)) ||
      !require(((options >> MTLResourceStorageModeShift) & 15) != MTLStorageModePrivate, method,
               "storage mode private is not compatible with memory of the caller")) {
    return nil;
  }
  if (takeFault(MTLSimFailNextAllocation) || length > maxBufferLength()) return nil;
  std::shared_ptr<Memory> memory = Memory::wrap(bytes, length);
  if (!memory) return nil;
  return withState<Contents>([SimBuffer alloc], device, std::move(memory), options, deallocator);
}

}  // namespace metal_sim

@implementation SimBuffer

- (NSUInteger)length {
  return state(self).memory->length;
}

- (void*)contents {
  if (state(self).storage() == MTLStorageModePrivate) {
    reject("-[MTLBuffer contents]", "a buffer with storage mode private has no contents for the CPU");
    return nullptr;
  }
  return state(self).memory->host;
}

- (void)didModifyRange:(NSRange)range {
  require(state(self).storage() == MTLStorageModeManaged, "-[MTLBuffer didModifyRange:]",
          "only buffers with storage mode managed are told of modifications");
  require(range.location + range.length <= self.length, "-[MTLBuffer didModifyRange:]",
          "the range ends beyond the buffer's length");
}

- (void)addDebugMarker:(NSString*)METAL_SIM_UNUSED marker range:(NSRange)METAL_SIM_UNUSED range {
}

- (void)removeAllDebugMarkers {
}

- (uint64_t)gpuAddress {
  return state(self).address;
}

- (MTLCPUCacheMode)cpuCacheMode {
  return static_cast<MTLCPUCacheMode>(state(self).options & 15);
}

- (MTLStorageMode)storageMode {
  return state(self).storage();
}

- (MTLHazardTrackingMode)hazardTrackingMode {
  const MTLHazardTrackingMode mode = state(self).hazardTracking();
  return mode == MTLHazardTrackingModeDefault ? MTLHazardTrackingModeTracked : mode;
}

- (MTLResourceOptions)resourceOptions {
  return state(self).options;
}

- (MTLPurgeableState)setPurgeableState:(MTLPurgeableState)METAL_SIM_UNUSED wanted {
  return MTLPurgeableStateNonVolatile;
}

- (NSUInteger)allocatedSize {
  const auto page = static_cast<NSUInteger>(sysconf(_SC_PAGESIZE));
  return (self.length + page - 1) / page * page;
}

@end
