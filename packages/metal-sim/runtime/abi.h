// What a compiled Metal source (a shared object) gives to the runner, and what the runner gives to it. PROTOCOL.md says how the
// runner is driven, build.json with which flags both are compiled.
//
// Threads of a grid are fibers of one thread of the processor: a thread runs until a barrier, an operation of its simdgroup, or
// its end. No function here may be called from elsewhere than a kernel that runs. Any of them may never return: after some
// reports a threadgroup is given up, with no destructor run.
#ifndef METAL_SIM_ABI_H
#define METAL_SIM_ABI_H

#include <stdint.h>

#define SIM_ABI_VERSION 1

extern "C" {

// Exported by the library.

enum sim_kind : uint32_t { sim_device_buffer, sim_constant_buffer, sim_threadgroup_buffer, sim_builtin };

struct sim_parameter {
  const char* name;
  const char* type;       // as the source has it, for messages
  uint32_t kind;          // sim_kind
  uint32_t index;         // [[buffer(index)]] or [[threadgroup(index)]]
  uint32_t access;        // 1 read, 2 write, 3 both
  uint32_t bytes;         // of the pointee: a binding with less is refused; 0: unknown
  uint32_t alignment;     // of the pointee
  const char* condition;  // null, or the name of the bool function constant
  bool (*present)();      // null: always there. Called when constants are set; a parameter that is absent is passed null
};

struct sim_kernel {
  const char* name;
  const sim_parameter* parameters;
  uint32_t parameter_count;
  uint32_t max_threads;  // of a threadgroup; 0: what the device has (1024)
  // One pointer for each parameter, by position in `parameters`: null for built-ins and for what is absent.
  void (*entry)(void* const* arguments);
};

struct sim_constant {
  const char* name;
  const char* type;
  uint32_t index, bytes;
  void* address;  // of the global: set before each dispatch, zeros where the host gives no value
  bool* defined;  // is_function_constant_defined
};

struct sim_library {
  uint32_t version;  // SIM_ABI_VERSION
  const sim_kernel* kernels;
  uint32_t kernel_count;
  const sim_constant* constants;
  uint32_t constant_count;
  void (*initialize)();  // recomputes what is derived from function constants; may be null
};

const sim_library* sim_library_table();

// Exported by the runner; they act on the thread of the grid that calls.

struct sim_thread {
  uint32_t position[3], threads[3];  // in the grid, of the grid
  uint32_t threadgroup_position[3], threadgroups[3];
  uint32_t position_in_threadgroup[3];
  uint32_t threadgroup_size[3];             // of this threadgroup: smaller at the border when threads are dispatched
  uint32_t dispatch_threadgroup_size[3];    // [[dispatch_threads_per_threadgroup]]
  uint32_t index_in_threadgroup;
  uint32_t simdgroup_index, lane, simdgroups;  // simdgroups of 32, the last one of a threadgroup may have fewer lanes
};
const sim_thread* sim_current() __attribute__((const));

// scope: 0 threadgroup, 1 simdgroup. flags: 1 device, 2 threadgroup, 4 texture memory. Call sites are told apart by the chain of
// return addresses: hence convergent, frame pointers, and no sibling calls.
void sim_barrier(uint32_t scope, uint32_t flags) __attribute__((convergent));

// Hands `value` to the simdgroup and returns [32][bytes], what every lane handed over at this call, and the mask of the lanes that
// take part: those that reach this call together. Bytes of other lanes are 0xff. Valid until the thread's next call of
// sim_simd_gather or sim_barrier. bytes <= 256.
const void* sim_simd_gather(const void* value, uint32_t bytes, uint32_t* active) __attribute__((convergent));

// The same address for all threads of a threadgroup and a key (the address of a static of the declaration). Not initialized.
void* sim_threadgroup_variable(const void* key, uint64_t bytes, uint32_t alignment);

// Checks an atomic access (access: 1 load, 2 store, 3 both) and returns where to make it. The access itself has to be made by a
// function with no_sanitize("address").
void* sim_atomic(void* address, uint32_t bytes, uint32_t access);

// Multiply-adds of user code: called by libraries that are compiled to count. useful: those where neither factor is zero.
void sim_count_multiply_add(uint64_t executed, uint64_t useful);

// A finding of the header's own (a shuffle from a lane that takes no part, say): kind is one word.
void sim_report(const char* kind, const char* message);

}  // extern "C"
#endif
