// What a dispatch hands to its threads: arguments, threadgroup memory, and the memory in which runner and kernels meet.
#ifndef METAL_SIM_BINDINGS_H
#define METAL_SIM_BINDINGS_H

#include <stdint.h>

#include <string>

#include "abi.h"
#include "machine.h"

namespace sim {

struct Dispatch;

constexpr uint32_t kMaxGatherBytes = 256;
constexpr uint32_t kMaxParameters = 128;

struct Exchange {
  sim_thread threads[kMaxThreads];
  alignas(64) uint8_t gathered[kMaxThreads / kLanes][kLanes * kMaxGatherBytes];
  void* arguments[kMaxParameters];
};
Exchange& exchange();

// Fills exchange().arguments and the ranges. An empty string, or why it cannot be.
std::string bind(const Dispatch& dispatch);

// What Metal says of more than 32 KB.
std::string too_much_memory(uint64_t bytes);

// A threadgroup starts: its memory is nobody's. The cells of that memory.
void forget_threadgroup_memory();
Planes& threadgroup_planes();
void renew_threadgroup_planes();

// The address of the variable; stops the dispatch when threadgroup memory runs out.
void* threadgroup_variable(const void* key, uint64_t bytes, uint32_t alignment);

// Whether all bytes belong to one variable of threadgroup memory; if not, a message.
bool in_one_variable(uintptr_t address, uint64_t size);
std::string told_outside_variable(const char* role, uintptr_t address, uint64_t size);

}  // namespace sim
#endif
