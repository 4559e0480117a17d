#include "ranges.h"

#include <string>

#include "bindings.h"
#include "protocol.h"
#include "report.h"

namespace sim {

Machine machine;
Range stack_range = {0, 0, kFlagPoison, 3, kRangeStack, 0, "", nullptr};

namespace {

const Range nowhere = {0, 0, 0, 0, kRangeExchange, 0, "", nullptr};
Range ranges[kMaxRanges];
uint32_t range_count = 0;

const char* word_of(uint32_t access) { return access == kLoad ? "read" : access == kStore ? "write" : "atomic"; }

uint64_t distance(const Range& range, uintptr_t address) {
  return address < range.low ? range.low - address : address >= range.high ? address - range.high : 0;
}

// "buffer(2) `out`", for a message.
std::string name_of(const Range& range) {
  switch (range.kind) {
    case kRangeBuffer:
    case kRangeValue: return format("buffer(%u) `%s`", range.index, range.name);
    case kRangeThreadgroup: return "threadgroup memory";
    case kRangeStack: return "the thread's memory";
    default: return "the program's constants";
  }
}

std::string told_outside(uintptr_t address, uint64_t size, uint32_t access) {
  if (on_any_stack(address) && distance(stack_range, address) > 0) {
    return format("expected a %s of this thread's own memory, got another thread's (%llu bytes).", word_of(access),
                  static_cast<unsigned long long>(size));
  }
  const Range* nearest = nullptr;
  for (uint32_t i = 0; i < range_count; ++i) {
    if (ranges[i].kind != kRangeBuffer && ranges[i].kind != kRangeValue && ranges[i].kind != kRangeThreadgroup) continue;
    if (nearest == nullptr || distance(ranges[i], address) < distance(*nearest, address)) nearest = &ranges[i];
  }
  if (address < 4096 || nearest == nullptr) {
    return format("%s of %llu bytes through a null pointer (address %llu).", word_of(access), static_cast<unsigned long long>(size),
                  static_cast<unsigned long long>(address));
  }
  return format("%s of %llu bytes at offset %lld of %s, which has %llu bytes here.", word_of(access),
                static_cast<unsigned long long>(size), static_cast<long long>(address - nearest->low), name_of(*nearest).c_str(),
                static_cast<unsigned long long>(nearest->high - nearest->low));
}

}  // namespace

const Range* cached_ranges[kCachedRanges];

void clear_ranges() {
  range_count = 0;
  for (const Range*& range : cached_ranges) range = &nowhere;
}

void add_range(const Range& range) {
  if (range_count < kMaxRanges) ranges[range_count++] = range;
}

const Range* find_range(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc) {
  const auto inside = [&](const Range& r) { return address >= r.low && address < r.high && size <= r.high - address; };
  if (inside(stack_range)) return cached_range(pc) = &stack_range;
  const Range* denied = nullptr;
  for (uint32_t i = 0; i < range_count; ++i) {
    if (!inside(ranges[i])) continue;
    if ((ranges[i].access & access) == access) return cached_range(pc) = &ranges[i];
    denied = &ranges[i];
  }
  const Place place = place_here(word_of(access), pc);
  if (denied != nullptr) {
    report("read-only", place, nullptr, [&] {
      return format("%s of %llu bytes at offset %llu of %s, which may only be read.", word_of(access),
                    static_cast<unsigned long long>(size), static_cast<unsigned long long>(address - denied->low), name_of(*denied).c_str());
    });
  } else {
    report("out-of-bounds", place, nullptr, [&] { return told_outside(address, size, access); });
  }
  return nullptr;
}

}  // namespace sim
