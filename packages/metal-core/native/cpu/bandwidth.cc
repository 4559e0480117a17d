#include "bandwidth.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "executor.h"
#include "memory.h"

namespace metal_core {
namespace {

constexpr uint64_t kChunk = 1 << 20;
// 32 MiB each way. Larger is nearer to memory's own speed on processors with large caches, but the pages take longer to
// get than the copies (2 x 64 MiB on a virtual machine: 50 ms); smaller is a measurement of the cache.
constexpr uint64_t kMostChunks = 32;
constexpr size_t kCopies = 3;

struct Copy {
  uint8_t *from, *to;
};

void copyChunk(void* context, uint64_t chunk, uint32_t) {
  const Copy& copy = *static_cast<const Copy*>(context);
  std::memcpy(copy.to + chunk * kChunk, copy.from + chunk * kChunk, kChunk);
}

double measure(Pool& pool, uint64_t memoryBytes) {
  const uint64_t chunks = std::clamp<uint64_t>(memoryBytes / kChunk / 16, 1, kMostChunks);
  const auto from = allocateMemory(kChunk * chunks, Storage::kPrivate, nullptr);
  const auto to = allocateMemory(kChunk * chunks, Storage::kPrivate, nullptr);
  Copy copy{static_cast<uint8_t*>(from->host()), static_cast<uint8_t*>(to->host())};
  // Pages that were never written are all one page of zeros: write them first.
  const auto touch = [](void* context, uint64_t chunk, uint32_t) {
    std::memset(static_cast<const Copy*>(context)->from + chunk * kChunk, 1, kChunk);
  };
  pool.run(chunks, touch, &copy);
  pool.run(chunks, copyChunk, &copy);
  std::array<int64_t, kCopies> took{};
  for (int64_t& ns : took) {
    const int64_t begin = nowNs();
    pool.run(chunks, copyChunk, &copy);
    ns = std::max<int64_t>(1, nowNs() - begin);
  }
  std::sort(took.begin(), took.end());
  return 2.0 * static_cast<double>(kChunk * chunks) / static_cast<double>(took[kCopies / 2]);
}

}  // namespace

double copyGigabytesPerSecond(Pool& pool, uint64_t memoryBytes) {
  static std::mutex mutex;  // shared by all environments of the process
  static std::map<uint32_t, double> measured;
  const std::lock_guard<std::mutex> lock(mutex);
  double& result = measured[pool.threads()];
  if (result == 0) result = measure(pool, memoryBytes);
  return result;
}

}  // namespace metal_core
