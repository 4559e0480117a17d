// Who accessed what: finds two accesses of different threads to the same bytes that nothing orders, and reads of threadgroup memory
// that nobody has written.
//
// Time is counted in epochs, one number a kind of memory: it goes up when a threadgroup starts and when one passes a barrier with the flag
// of that memory. So the epoch of an access says which threadgroup of which dispatch made it, and what has been ordered since;
// nothing is ever cleared. Simdgroups count barriers of their own besides.
//
// A cell keeps the last store and two loads, made by threads as far from each other as possible: any later store that races with one of
// many loads of an epoch races with one of the two. There is a cell for each four bytes, for accesses that are whole words, and one for
// each byte, for all others; each kind of access looks at both.
#ifndef METAL_SIM_RACES_H
#define METAL_SIM_RACES_H

#include <stddef.h>
#include <stdint.h>

namespace sim {

struct Access {
  uint32_t epoch;
  uint32_t who;  // bits 0..9 thread of the threadgroup, bit 10 atomic, bits 11.. barriers of the simdgroup
  uint32_t pc;   // low half
};

struct Cell {
  Access write, read[2];
};

// The cells of one range of memory. `origin` is a multiple of 4.
struct Planes {
  uintptr_t origin = 0;
  size_t size = 0;
  Cell* words = nullptr;
  Cell* bytes = nullptr;  // only once there was an access that is not of whole words
};

// After this many epochs, all cells have to be dropped and clocks start again.
constexpr uint32_t kLastEpoch = 0xc0000000;

Planes make_planes(uintptr_t address, size_t size);
void drop_planes(Planes& planes);

struct Clock {
  uint32_t epoch = 1;      // now
  uint32_t group = 1;      // when this threadgroup started
  uint32_t segment = 1;    // what is older is ordered before this dispatch, or of no interest
};

enum Memory : uint32_t { kDeviceMemory, kThreadgroupMemory };

// What is about to be accessed by the thread that runs, from `pc`.
void track_load(Planes& planes, Memory memory, uintptr_t address, uint32_t size, bool atomic, uintptr_t pc);
void track_store(Planes& planes, Memory memory, uintptr_t address, uint32_t size, bool atomic, uintptr_t pc);

// The first byte in [address, address + size) that no thread of this threadgroup has written, or `size`.
uint32_t first_unwritten(const Planes& planes, uintptr_t address, uint32_t size);

}  // namespace sim
#endif
