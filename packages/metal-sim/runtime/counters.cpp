#include <string>

#include "buffers.h"
#include "counters.h"
#include "dispatch.h"
#include "protocol.h"

namespace sim {
namespace {

// Bytes by value are small: a set for each binding index.
constexpr uint32_t kValues = 64;
constexpr size_t kLongestValue = 4096 * 16;
ByteSet values[kValues];

void ensure(ByteSet& set, size_t bytes) {
  if (set.bits != nullptr) return;
  set.bytes = bytes;
  set.bits = static_cast<uint8_t*>(reserve(bytes / 8 + 16));
}

unsigned long long wide(uint64_t value) { return value; }

}  // namespace

void count_bytes(const Range& range, uintptr_t address, uint64_t size, bool store) {
  (store ? machine.counts.written : machine.counts.read) += size;
  if (range.buffer == nullptr) {
    if (range.index >= kValues || address - range.low + size > kLongestValue) return;
    ensure(values[range.index], kLongestValue);
    values[range.index].add(address - range.low, size);
    return;
  }
  ByteSet& set = store ? range.buffer->written : range.buffer->read;
  ensure(set, range.buffer->length);
  set.add(address - reinterpret_cast<uintptr_t>(range.buffer->data), size);
}

void count_unique(const Dispatch& dispatch, Counts& counts) {
  for (const Argument& argument : dispatch.arguments) {
    if (argument.buffer == nullptr) continue;
    counts.unique_read += argument.buffer->read.take();
    counts.unique_written += argument.buffer->written.take();
  }
  for (ByteSet& set : values) counts.unique_read += set.take();
}

std::string told_counts(uint32_t dispatch, const Counts& c) {
#if SIM_CHECKED
  const std::string bytes = format("%llu %llu %llu %llu", wide(c.read), wide(c.written), wide(c.unique_read), wide(c.unique_written));
#else
  const std::string bytes = "- - - -";
#endif
  return format("count %u %llu %llu %s %llu %llu\n", dispatch, wide(c.executed), wide(c.useful), bytes.c_str(), wide(c.threadgroup_barriers),
                wide(c.simdgroup_barriers));
}

}  // namespace sim
