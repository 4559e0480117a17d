#include "scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings.h"
#include "ranges.h"
#include "report.h"

namespace sim {

Thread threads[kMaxThreads];
Simdgroup simdgroups[kMaxThreads / kLanes];

namespace {

Thread* running = nullptr;
sim_thread* running_info = nullptr;
const Group* group = nullptr;
void* scheduler = nullptr;  // its stack pointer
std::string stopped;

[[noreturn]] void fiber_main() {
  fiber_started();
  group->kernel->entry(group->arguments);
  running->state = State::ended;
  switch_to_scheduler(&running->stack_pointer, scheduler, true);
  abort();
}

void wait(State state, uintptr_t pc, void* frame) {
  running->state = state;
  running->pc = pc;
  running->frame = frame;
  running->call = call_of(pc, frame);
  switch_to_scheduler(&running->stack_pointer, scheduler, false);
}

void resume(Thread& thread) {
  if (thread.state == State::fresh) {
    thread.stack = acquire_stack();
    thread.stack_pointer = prepare_fiber(thread.stack, fiber_main);
  }
  thread.state = State::running;
  running = &thread;
  running_info = &exchange().threads[thread.index];
  const Simdgroup& simdgroup = simdgroups[thread.index / kLanes];
  machine.thread = thread.index;
  machine.who[0] = thread.index | simdgroup.barriers[0] << 11;
  machine.who[1] = thread.index | simdgroup.barriers[1] << 11;
  machine.steps = thread.steps;
  set_stack_range(thread.stack);
  switch_to_fiber(&scheduler, thread.stack_pointer, thread.stack);
  running_info = nullptr;
  thread.steps = machine.steps;
  if (thread.state == State::ended) {
    release_stack(thread.stack);
    thread.stack = nullptr;
  }
}

void set_up(const Group& g, uint32_t count) {
  const uint32_t simd_count = (count + kLanes - 1) / kLanes;
  for (uint32_t i = 0; i < count; ++i) {
    Thread& thread = threads[i];
    thread.state = State::fresh;
    thread.index = i;
    thread.stack = nullptr;
    thread.steps = machine.step_limit;
    sim_thread& info = exchange().threads[i];
    const uint32_t in_group[3] = {i % g.size[0], i / g.size[0] % g.size[1], i / g.size[0] / g.size[1]};
    for (int d = 0; d < 3; ++d) {
      info.position[d] = g.position[d] * g.dispatch_size[d] + in_group[d];
      info.threads[d] = g.threads[d];
      info.threadgroup_position[d] = g.position[d];
      info.threadgroups[d] = g.groups[d];
      info.position_in_threadgroup[d] = in_group[d];
      info.threadgroup_size[d] = g.size[d];
      info.dispatch_threadgroup_size[d] = g.dispatch_size[d];
    }
    info.index_in_threadgroup = i;
    info.simdgroup_index = i / kLanes;
    info.lane = i % kLanes;
    info.simdgroups = simd_count;
  }
  for (uint32_t s = 0; s < simd_count; ++s) {
    const uint32_t first = s * kLanes;
    simdgroups[s] = {first, count - first < kLanes ? count - first : kLanes, {0, 0}, exchange().gathered[s]};
  }
}

// Runs the lanes that can run, in an order of the seed, then one operation of the simdgroup. False when only a barrier of the
// threadgroup, if anything, can help its lanes on.
bool advance(Simdgroup& simdgroup, Random& random, bool shuffle) {
  // i -> a i + b mod 32 visits every lane once for an odd a.
  const uint32_t a = shuffle ? random.below(16) * 2 + 1 : 1, b = shuffle ? random.below(32) : 0;
  for (uint32_t i = 0; i < kLanes; ++i) {
    const uint32_t lane = (a * i + b) % kLanes;
    if (lane >= simdgroup.lanes) continue;
    Thread& thread = threads[simdgroup.first + lane];
    if (thread.state != State::fresh && thread.state != State::ready) continue;
    resume(thread);
    if (machine.given_up) return false;
  }
  if (simdgroup.mask(State::gather) != 0) {
    resolve_gather(simdgroup);
    return true;
  }
  if (simdgroup.mask(State::simd_barrier) != 0) {
    resolve_simdgroup_barrier(simdgroup);
    return true;
  }
  return false;
}

void drop_threads(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    Thread& thread = threads[i];
    if (thread.stack == nullptr) continue;
    clean_stack(thread.stack);
    release_stack(thread.stack);
    thread.stack = nullptr;
  }
}

}  // namespace

uint32_t Random::below(uint32_t n) {
  state += 0x9e3779b97f4a7c15;  // splitmix64
  uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return static_cast<uint32_t>(((z ^ z >> 31) >> 32) * n >> 32);
}

uint32_t Simdgroup::mask(State state) const {
  uint32_t lanes_in_state = 0;
  for (uint32_t lane = 0; lane < lanes; ++lane) lanes_in_state |= static_cast<uint32_t>(threads[first + lane].state == state) << lane;
  return lanes_in_state;
}

void run_threadgroup(const Group& g, Random& random, bool shuffle) {
  group = &g;
  const uint32_t count = g.size[0] * g.size[1] * g.size[2];
  set_up(g, count);
  machine.given_up = false;
  const uint32_t simd_count = (count + kLanes - 1) / kLanes;
  uint32_t open[kMaxThreads / kLanes];
  for (;;) {
    for (uint32_t s = 0; s < simd_count; ++s) open[s] = s;
    for (uint32_t left = simd_count; left > 0;) {
      const uint32_t pick = shuffle ? random.below(left) : 0;
      const bool more = advance(simdgroups[open[pick]], random, shuffle);
      if (machine.given_up) {
        drop_threads(count);
        return;
      }
      if (more) continue;
      --left;
      if (shuffle) {
        open[pick] = open[left];
      } else {
        memmove(open, open + 1, left * sizeof open[0]);
      }
    }
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < count; ++i) waiting += static_cast<uint32_t>(threads[i].state == State::group_barrier);
    if (waiting == 0) return;
    resolve_threadgroup_barrier(count);
  }
}

void wait_at_barrier(uint32_t scope, uint32_t flags, uintptr_t pc, void* frame) {
  running->flags = flags;
  wait(scope == 0 ? State::group_barrier : State::simd_barrier, pc, frame);
}

const void* wait_for_simdgroup(const void* value, uint32_t bytes, uint32_t* active, uintptr_t pc, void* frame) {
  running->value = value;
  running->bytes = bytes;
  wait(State::gather, pc, frame);
  *active = running->active;
  return simdgroups[running->index / kLanes].gathered;
}

const sim_thread* running_thread() { return running_info; }  // null in the scheduler
uint32_t running_group() { return group == nullptr ? 0 : group->linear; }

void give_up_threadgroup() {
  machine.given_up = true;
  switch_to_scheduler(&running->stack_pointer, scheduler, true);
  abort();
}

void stop_dispatch(const std::string& message) {
  stopped = message;
  give_up_threadgroup();
}
const std::string& stop_message() { return stopped; }
void clear_stop() { stopped.clear(); }

}  // namespace sim
