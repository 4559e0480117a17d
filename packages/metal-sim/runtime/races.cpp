#include "races.h"

#include <sys/mman.h>

#include "buffers.h"
#include "machine.h"
#include "protocol.h"
#include "report.h"

namespace sim {
namespace {

constexpr uint32_t kAtomic = 1024;

size_t word_bytes(const Planes& planes) { return (planes.size / 4 + 2) * sizeof(Cell); }
size_t byte_bytes(const Planes& planes) { return (planes.size + 8) * sizeof(Cell); }

// What is about to happen, by the thread that runs.
struct Now {
  Memory memory;
  uint32_t who;  // with the atomic bit
  uintptr_t pc;

  const Clock& clock() const { return machine.clock[memory]; }
  Access access() const { return {clock().epoch, who, static_cast<uint32_t>(pc)}; }

  // Whether `a` cannot conflict: it is ordered before now, was made by this thread, or is of no interest any more.
  bool settled(const Access& a) const {
    const Clock& c = clock();
    if (a.epoch < c.segment) return true;
    if (a.epoch < c.group) return false;
    if (a.epoch < c.epoch) return true;
    const uint32_t difference = (a.who ^ who) & 1023;
    if (difference == 0) return true;
    return difference < kLanes && a.who >> 11 < who >> 11;
  }
  bool same_group(const Access& a) const { return a.epoch >= clock().group; }
  bool conflicts(const Access& a) const { return !settled(a) && (a.who & who & kAtomic) == 0; }
};

const char* memory_name(Memory memory) { return memory == kDeviceMemory ? "device" : "threadgroup"; }

const char* named(const char* role, bool article) {
  const char* text = role[0] == 'a' ? "an atomic access" : role[0] == 'r' ? "a read" : "a write";
  return article ? text : text + (role[0] == 'a' ? 3 : 2);
}

__attribute__((noinline)) void race(const Now& now, const char* role, const Access& other, const char* other_role) {
  const Place first = place_here((now.who & kAtomic) != 0 ? "atomic" : role, now.pc);
  const Place second = place_of(other, now.memory, other_role);
  report("race", first, &second, [&] {
    const bool dispatches = second.dispatch != first.dispatch, groups = second.group != first.group;
    const bool simd = !groups && first.thread / kLanes == second.thread / kLanes;
    return format("%s of %s memory after %s by another %s, with no %s in between.", named(first.role, false), memory_name(now.memory),
                  named(second.role, true),
                  dispatches ? "dispatch" : groups ? "threadgroup" : "thread",
                  dispatches ? "barrier of the encoder" : groups ? "order at all: use atomics or another dispatch"
                  : simd     ? "simdgroup_barrier or threadgroup_barrier with the flag of that memory"
                             : "threadgroup_barrier with the flag of that memory");
  });
}

void check_load(const Now& now, const Cell& cell) {
  if (now.conflicts(cell.write)) race(now, "read", cell.write, "write");
}

void check_store(const Now& now, const Cell& cell) {
  if (now.conflicts(cell.write)) race(now, "write", cell.write, "write");
  if (now.conflicts(cell.read[0])) race(now, "write", cell.read[0], "read");
  if (now.conflicts(cell.read[1])) race(now, "write", cell.read[1], "read");
}

// Of two atomic stores the one of another threadgroup is kept: whatever conflicts with this one conflicts with it.
void note_store(const Now& now, Cell& cell) {
  const bool keep = (now.who & cell.write.who & kAtomic) != 0 && !now.settled(cell.write) && !now.same_group(cell.write);
  if (!keep) cell.write = now.access();
}

void note_load(const Now& now, Cell& cell) {
  Access* const read = cell.read;
  if (now.settled(read[0])) {
    read[0] = now.access();
  } else if (now.settled(read[1])) {
    read[1] = now.access();
  } else if ((now.who & kAtomic) == 0 && ((read[0].who | read[1].who) & kAtomic) != 0) {
    read[(read[0].who & kAtomic) != 0 ? 0 : 1] = now.access();
  } else if (now.same_group(read[0]) && now.same_group(read[1]) && ((read[0].who ^ read[1].who) & 1023) < kLanes) {
    read[1] = now.access();  // two of one simdgroup: one of another is further away
  }
}

bool loaded_already(const Now& now, const Cell& cell) {
  return cell.read[0].epoch == now.clock().epoch && cell.read[0].who == now.who;
}

template <bool store>
inline void track(Planes& planes, const Now& now, uintptr_t address, uint32_t size) {
  const uintptr_t offset = address - planes.origin;
  if (((offset | size) & 3) == 0) {
    for (Cell* cell = planes.words + offset / 4; size > 0; size -= 4, ++cell) {
      if (store) {
        check_store(now, *cell);
        note_store(now, *cell);
      } else if (!loaded_already(now, *cell)) {
        check_load(now, *cell);
        note_load(now, *cell);
      }
      if (planes.bytes == nullptr) continue;
      const Cell* byte = planes.bytes + (cell - planes.words) * 4;
      for (int i = 0; i < 4; ++i) store ? check_store(now, byte[i]) : check_load(now, byte[i]);
    }
    return;
  }
  if (planes.bytes == nullptr) planes.bytes = static_cast<Cell*>(reserve(byte_bytes(planes)));
  for (uint32_t i = 0; i < size; ++i) {
    Cell& byte = planes.bytes[offset + i];
    const Cell& word = planes.words[(offset + i) / 4];
    if (store) {
      check_store(now, byte);
      check_store(now, word);
      note_store(now, byte);
    } else {
      check_load(now, byte);
      check_load(now, word);
      if (!loaded_already(now, byte)) note_load(now, byte);
    }
  }
}

}  // namespace

Planes make_planes(uintptr_t address, size_t size) {
  Planes planes;
  planes.origin = address & ~uintptr_t{3};
  planes.size = size + (address & 3);
  planes.words = static_cast<Cell*>(reserve(word_bytes(planes)));
  return planes;
}

void drop_planes(Planes& planes) {
  if (planes.words != nullptr) unreserve(planes.words, word_bytes(planes));
  if (planes.bytes != nullptr) unreserve(planes.bytes, byte_bytes(planes));
  planes = {};
}

void track_load(Planes& planes, Memory memory, uintptr_t address, uint32_t size, bool atomic, uintptr_t pc) {
  track<false>(planes, {memory, machine.who[memory] | (atomic ? kAtomic : 0), pc}, address, size);
}

void track_store(Planes& planes, Memory memory, uintptr_t address, uint32_t size, bool atomic, uintptr_t pc) {
  track<true>(planes, {memory, machine.who[memory] | (atomic ? kAtomic : 0), pc}, address, size);
}

uint32_t first_unwritten(const Planes& planes, uintptr_t address, uint32_t size) {
  const uint32_t start = machine.clock[kThreadgroupMemory].group;
  const uintptr_t offset = address - planes.origin;
  for (uint32_t i = 0; i < size; ++i) {
    if (planes.words[(offset + i) / 4].write.epoch >= start) continue;
    if (planes.bytes != nullptr && planes.bytes[offset + i].write.epoch >= start) continue;
    return i;
  }
  return size;
}

}  // namespace sim
