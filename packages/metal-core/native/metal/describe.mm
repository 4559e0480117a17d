#include "describe.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <unistd.h>

#include "text.h"

namespace metal_core {
namespace {

struct Family {
  NSInteger value;  // of MTLGPUFamily, by number: older SDKs do not have the newest names
  const char* name;
};
// Best first.
constexpr Family kFamilies[] = {{1010, "apple10"}, {1009, "apple9"}, {1008, "apple8"}, {1007, "apple7"},
                                {2002, "mac2"},    {5002, "metal4"}, {5001, "metal3"}};

std::vector<std::string> familiesOf(id<MTLDevice> device) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) {
    if ([device supportsFamily:static_cast<MTLGPUFamily>(family.value)]) names.emplace_back(family.name);
  }
  return names;
}

// 64 MiB each way: more than the system-level cache of most chips.
constexpr uint64_t kCopyBytes = 64 << 20;
constexpr size_t kCopies = 4;  // the first one, which wires the memory, is not counted

double measure(MetalContext& context) {
  const auto from = context.newBuffer(kCopyBytes, MTLResourceStorageModePrivate);
  const auto to = context.newBuffer(kCopyBytes, MTLResourceStorageModePrivate);
  if (!from || !to) {
    throw Error(ErrorCode::kOutOfMemory, "[createDevice] expected 128 MiB of GPU memory to measure its speed, got none");
  }
  std::array<double, kCopies> seconds{};
  for (double& took : seconds) {
    id<MTLCommandBuffer> commands = [context.queue() commandBuffer];
    id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];
    [encoder copyFromBuffer:from.get() sourceOffset:0 toBuffer:to.get() destinationOffset:0 size:kCopyBytes];
    [encoder endEncoding];
    [commands commit];
    [commands waitUntilCompleted];
    if ([commands status] == MTLCommandBufferStatusError) throw failureOf(commands, "createDevice");
    took = [commands GPUEndTime] - [commands GPUStartTime];
  }
  std::sort(seconds.begin() + 1, seconds.end());
  return 2.0 * static_cast<double>(kCopyBytes) / std::max(1e-9, seconds[1 + (kCopies - 1) / 2]) / 1e9;
}

double copyGigabytesPerSecond(MetalContext& context) {
  static std::mutex mutex;  // shared by all environments of the process
  static std::map<std::string, double> measured;  // GPUs of one name copy equally fast
  const std::lock_guard<std::mutex> lock(mutex);
  double& result = measured[fromFoundation([context.device() name])];
  if (result == 0) result = measure(context);
  return result;
}

}  // namespace

DeviceInfo describeMetal(MetalContext& context) {
  id<MTLDevice> device = context.device();
  DeviceInfo info;
  info.backend = "metal";
  info.name = fromFoundation([device name]);
  info.cores = gpuCores([device registryID]);
  info.memoryBytes = [device recommendedMaxWorkingSetSize];
  info.copyGigabytesPerSecond = copyGigabytesPerSecond(context);
  info.features = familiesOf(device);
  info.pageBytes = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
  // Arguments in device memory need the alignment of their type, at most 16 bytes; those in constant memory 4 bytes on
  // Apple's GPUs (Metal Feature Set Tables, "minimum constant buffer offset alignment").
  info.offsetAlignment = 16;
  info.maxThreadsPerThreadgroup = static_cast<uint32_t>([device maxThreadsPerThreadgroup].width);
  return info;
}

}  // namespace metal_core
