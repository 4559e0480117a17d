#include "checks.h"

#include "bindings.h"
#include "buffers.h"
#include "counters.h"
#include "protocol.h"
#include "report.h"

#if SIM_CHECKED
extern "C" {
void* __asan_region_is_poisoned(void* begin, size_t size);
const char* __asan_locate_address(void* address, char* name, size_t name_size, void** region, size_t* region_size);
}
#endif

namespace sim {
namespace {

unsigned long long wide(uint64_t value) { return value; }
const char* role_of(uint32_t access, bool atomic) { return atomic ? "atomic" : access == kLoad ? "read" : "write"; }

// The bytes of a vector of three are followed by bytes that its loads and stores take along.
bool is_tail_of_three(uint64_t size, uint64_t first) { return (size == 4 || size == 8 || size == 16) && first == size / 4 * 3; }

void check_written(uintptr_t address, uint64_t size, bool copy, uintptr_t pc) {
  const uint32_t first = first_unwritten(threadgroup_planes(), address, static_cast<uint32_t>(size));
  if (first == size || is_tail_of_three(size, first)) return;
  // A copy of a structure takes padding along.
  if (copy && first > 0) return;
  report("uninitialized", place_here("read", pc), nullptr, [&] {
    return format("read of %llu bytes of threadgroup memory that no thread of this threadgroup has written.", wide(size));
  });
}

#if SIM_CHECKED
bool check_poison(const Range& range, uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc) {
  void* bad = __asan_region_is_poisoned(reinterpret_cast<void*>(address), size);
  if (bad == nullptr) return true;
  report("out-of-bounds", place_here(role_of(access, false), pc), nullptr, [&] {
    char name[128] = "";
    void* region = nullptr;
    size_t region_bytes = 0;
    __asan_locate_address(bad, name, sizeof name, &region, &region_bytes);
    const char* what = range.kind == kRangeStack ? "an array or variable of this thread" : "a constant of the program";
    if (name[0] == '\0') return format("%s of %llu bytes outside %s.", role_of(access, false), wide(size), what);
    return format("%s of %llu bytes at offset %lld of `%s`, which has %zu bytes.", role_of(access, false), wide(size),
                  static_cast<long long>(address - reinterpret_cast<uintptr_t>(region)), name, region_bytes);
  });
  return false;
}
#endif

}  // namespace

bool check_flags(const Range& range, uintptr_t address, uint64_t size, uint32_t access, bool atomic, uintptr_t pc) {
  if ((range.flags & kFlagVariables) != 0 && !in_one_variable(address, size)) {
    report("out-of-bounds", place_here(role_of(access, atomic), pc), nullptr,
           [&] { return told_outside_variable(role_of(access, atomic), address, size); });
    return false;
  }
#if SIM_CHECKED
  if ((range.flags & kFlagPoison) != 0) return check_poison(range, address, size, access, pc);
#endif
  if ((range.flags & kFlagCount) != 0) {
    if ((access & kLoad) != 0) count_bytes(range, address, size, false);
    if ((access & kStore) != 0) count_bytes(range, address, size, true);
  }
  if ((range.flags & kFlagRaces) == 0) return true;
  const bool shared = (range.flags & kFlagVariables) != 0;
  const Memory memory = shared ? kThreadgroupMemory : kDeviceMemory;
  Planes& planes = shared ? threadgroup_planes() : range.buffer->planes;
  const bool copy = size != 1 && size != 2 && size != 4 && size != 8 && size != 16;
  if (shared && (access & kLoad) != 0) check_written(address, size, copy, pc);
  if ((access & kStore) != 0) {
    track_store(planes, memory, address, static_cast<uint32_t>(size), atomic, pc);
  } else {
    track_load(planes, memory, address, static_cast<uint32_t>(size), atomic, pc);
  }
  return true;
}

void report_misaligned(uintptr_t address, uint64_t size, uint32_t access, uintptr_t pc) {
  report("misaligned", place_here(role_of(access, false), pc), nullptr, [&] {
    return format("%s of %llu bytes at an address that is %llu past a multiple of %llu.", role_of(access, false), wide(size),
                  wide(address % size), wide(size));
  });
}

}  // namespace sim
