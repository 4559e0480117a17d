// Fibers: stacks and the switch between them. Stacks come from one reserved area, so that "is this address on a stack" is one
// comparison; an area without access lies below each.
#ifndef METAL_SIM_FIBER_H
#define METAL_SIM_FIBER_H

#include <stddef.h>
#include <stdint.h>

namespace sim {

struct Stack {
  uint8_t* low;   // lowest byte that may be used
  uint8_t* high;  // one past the highest
};

constexpr size_t kStackBytes = 256 * 1024;
constexpr uint32_t kStacks = 1024;  // one for each thread of the largest threadgroup

// Takes the stack that was given back last, so that threads that never wait share one that is in the cache.
Stack* acquire_stack();
void release_stack(Stack* stack);

// A stack that was left in the middle of functions: forgets the red zones that they left behind.
void clean_stack(const Stack* stack);

// Whether the address is on the stack of any thread.
bool on_any_stack(uintptr_t address);

// The stack pointer of a fiber that will run `main` (which must not return) when it is switched to.
void* prepare_fiber(Stack* stack, void (*main)());

// Goes on at `to`; comes back when someone switches to what was saved. The address sanitizer is told where the stack is.
// `low` and `bytes`: the stack that is switched to. ended: the one that is left will not be resumed.
void switch_to_fiber(void** save, void* to, const Stack* stack);
void switch_to_scheduler(void** save, void* to, bool ended);

// First thing that a fiber does.
void fiber_started();

}  // namespace sim
#endif
