// What happens when the threads of a simdgroup or threadgroup have come together.
#include <string.h>

#include <algorithm>

#include "protocol.h"
#include "report.h"
#include "scheduler.h"

namespace sim {
namespace {

// Frames: the previous frame pointer, then the address to return to. The trampoline of a fiber has a frame pointer of 0 below it.
struct Frame {
  const Frame* previous;
  uintptr_t pc;
};
constexpr size_t kMaxDepth = 64;

size_t chain_of(const Thread& thread, uintptr_t chain[kMaxDepth]) {
  size_t depth = 0;
  chain[depth++] = thread.pc;
  for (auto frame = static_cast<const Frame*>(thread.frame)->previous; frame != nullptr && depth < kMaxDepth; frame = frame->previous) {
    chain[depth++] = frame->pc;
  }
  std::reverse(chain, chain + depth);
  return depth;
}

// Whether the call at which `a` waits comes before that of `b` in the code.
bool comes_first(const Thread& a, const Thread& b) {
  uintptr_t chain_a[kMaxDepth], chain_b[kMaxDepth];
  const size_t depth_a = chain_of(a, chain_a), depth_b = chain_of(b, chain_b);
  return std::lexicographical_compare(chain_a, chain_a + depth_a, chain_b, chain_b + depth_b);
}

Place place_at(const Thread& thread, const char* role) {
  Place place;
  place.role = role;
  place.pc = thread.pc;
  place.dispatch = machine.dispatch;
  place.group = running_group();
  place.thread = thread.index;
  return place;
}

Place place_of_wait(const Thread& thread) {
  Place place = place_at(thread, thread.state == State::gather ? "simd" : thread.state == State::ended ? "ended" : "barrier");
  if (thread.state == State::ended) place.pc = 0;
  return place;
}

const char* barrier_name(const Thread& thread) { return thread.state == State::simd_barrier ? "simdgroup_barrier" : "threadgroup_barrier"; }

void report_divergence(const Thread& at, const Thread& other, const char* of) {
  if (!machine.checks) return;
  const Place first = place_of_wait(at), second = place_of_wait(other);
  report("divergent-barrier", first, &second, [&] {
    return format("[%s] expected all threads of the %s, got thread %u here while thread %u %s. Every thread has to reach the same barrier.",
                  barrier_name(at), of, at.index, other.index,
                  other.state == State::ended ? "has ended" : other.state == at.state ? "waits at another barrier" : "waits elsewhere");
  });
}

// All threads in [first, first + count) are to wait where `at` does.
void check_convergence(const Thread& at, uint32_t first, uint32_t count, const char* of) {
  for (uint32_t i = first; i < first + count; ++i) {
    const Thread& other = threads[i];
    if (other.state != at.state || other.call != at.call) {
      report_divergence(at, other, of);
      return;
    }
  }
}

}  // namespace

uint64_t call_of(uintptr_t pc, void* frame) {
  uint64_t hash = pc;
  uint32_t depth = 0;
  for (auto f = static_cast<const Frame*>(frame)->previous; f != nullptr && depth < kMaxDepth; f = f->previous, ++depth) {
    hash = (hash ^ f->pc) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return hash;
}

void resolve_gather(Simdgroup& simdgroup) {
  const uint32_t waiting = simdgroup.mask(State::gather);
  const Thread* lead = &threads[simdgroup.first + static_cast<uint32_t>(__builtin_ctz(waiting))];
  for (uint32_t rest = waiting; rest != 0; rest &= rest - 1) {
    const Thread& thread = threads[simdgroup.first + static_cast<uint32_t>(__builtin_ctz(rest))];
    if (thread.call != lead->call && comes_first(thread, *lead)) lead = &thread;
  }
  const uint64_t call = lead->call;
  const uint32_t bytes = lead->bytes;
  uint32_t active = 0;
  for (uint32_t rest = waiting; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<uint32_t>(__builtin_ctz(rest));
    const Thread& thread = threads[simdgroup.first + lane];
    if (thread.call != call || thread.bytes != bytes) continue;
    active |= 1u << lane;
    uint8_t* to = simdgroup.gathered + lane * bytes;
    if (bytes == 4) {
      memcpy(to, thread.value, 4);
    } else {
      memcpy(to, thread.value, bytes);
    }
  }
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if ((active >> lane & 1) == 0) {
      memset(simdgroup.gathered + lane * bytes, 0xff, bytes);
      continue;
    }
    Thread& thread = threads[simdgroup.first + lane];
    thread.active = active;
    thread.state = State::ready;
  }
}

void resolve_simdgroup_barrier(Simdgroup& simdgroup) {
  const uint32_t waiting = simdgroup.mask(State::simd_barrier);
  const Thread& at = threads[simdgroup.first + static_cast<uint32_t>(__builtin_ctz(waiting))];
  check_convergence(at, simdgroup.first, simdgroup.lanes, "simdgroup");
  uint32_t flags = ~0u;
  for (uint32_t rest = waiting; rest != 0; rest &= rest - 1) {
    Thread& thread = threads[simdgroup.first + static_cast<uint32_t>(__builtin_ctz(rest))];
    flags &= thread.flags;
    thread.state = State::ready;
  }
  if ((flags & 1) != 0) ++simdgroup.barriers[kDeviceMemory];
  if ((flags & 2) != 0) ++simdgroup.barriers[kThreadgroupMemory];
  ++machine.counts.simdgroup_barriers;
}

void resolve_threadgroup_barrier(uint32_t count) {
  const Thread& at = *std::find_if(threads, threads + count, [](const Thread& t) { return t.state == State::group_barrier; });
  check_convergence(at, 0, count, "threadgroup");
  uint32_t flags = ~0u;
  for (uint32_t i = 0; i < count; ++i) {
    if (threads[i].state != State::group_barrier) continue;
    flags &= threads[i].flags;
    threads[i].state = State::ready;
  }
  if ((flags & 1) != 0) ++machine.clock[kDeviceMemory].epoch;
  if ((flags & 2) != 0) ++machine.clock[kThreadgroupMemory].epoch;
  ++machine.counts.threadgroup_barriers;
}

}  // namespace sim
