// How a kernel says what it refuses in its data. The status of a dispatch is four words, zero before it.
#ifndef METAL_FP4_STATUS_H
#define METAL_FP4_STATUS_H

#include <metal_stdlib>
using namespace metal;

namespace fp4 {

// Message number code - 1 of the manifest's `failures`, with the two words it speaks of. The first failure of a dispatch stays; any
// number of threads may call this.
inline void fail(device atomic_uint* status, uint code, uint first, uint second) {
  uint found = 0;
  // The weak exchange may fail for no reason, and then leaves what it found: 0.
  while (!atomic_compare_exchange_weak_explicit(status, &found, code, memory_order_relaxed, memory_order_relaxed)) {
    if (found != 0) return;
  }
  atomic_store_explicit(status + 1, first, memory_order_relaxed);
  atomic_store_explicit(status + 2, second, memory_order_relaxed);
}

}  // namespace fp4

#endif
