#include "fiber.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#if SIM_CHECKED
extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old, size_t* size_old);
void __asan_unpoison_memory_region(const volatile void* address, size_t size);
}
#endif

// Saves what the calling convention says a function keeps, and nothing else: kernels do not change rounding modes.
extern "C" void sim_switch(void** save, void* to);
#if defined(__APPLE__)
#define SYMBOL "_sim_switch"
#else
#define SYMBOL "sim_switch"
#endif
#if defined(__x86_64__)
asm(".text\n.globl " SYMBOL "\n.p2align 4\n" SYMBOL
    ":\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\n"
    // A return would be predicted to go to the caller on the other stack.
    "popq %rcx\njmpq *%rcx\n");
#elif defined(__aarch64__)
asm(".text\n.globl " SYMBOL "\n.p2align 4\n" SYMBOL
    ":\n"
    "sub sp, sp, #160\n"
    "stp x19, x20, [sp]\nstp x21, x22, [sp, #16]\nstp x23, x24, [sp, #32]\nstp x25, x26, [sp, #48]\nstp x27, x28, [sp, #64]\n"
    "stp x29, x30, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\nstp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
    "ldp x19, x20, [sp]\nldp x21, x22, [sp, #16]\nldp x23, x24, [sp, #32]\nldp x25, x26, [sp, #48]\nldp x27, x28, [sp, #64]\n"
    "ldp x29, x30, [sp, #80]\nldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\nldp d12, d13, [sp, #128]\nldp d14, d15, [sp, #144]\n"
    "add sp, sp, #160\nret\n");
#else
#error "metal-sim's runner knows x86-64 and aarch64"
#endif

namespace sim {
namespace {

// Larger than a page: functions with large arrays do not touch their frames in order. A multiple of every page size.
constexpr size_t kGuardBytes = 64 * 1024;

struct Pool {
  uint8_t* area = nullptr;
  size_t stride = 0;
  std::vector<Stack> stacks;
  std::vector<Stack*> free;

  Pool() {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    stride = kStackBytes + kGuardBytes;
    void* mapped = mmap(nullptr, stride * kStacks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      perror("[metal-sim] cannot reserve the stacks of a threadgroup");
      exit(1);
    }
    area = static_cast<uint8_t*>(mapped);
    stacks.resize(kStacks);
    for (uint32_t i = 0; i < kStacks; ++i) {
      uint8_t* low = area + i * stride;
      mprotect(low, kGuardBytes, PROT_NONE);
      // Tops at different distances from a page: otherwise the hottest bytes of all threads fall into the same few cache sets.
      stacks[i] = {low + kGuardBytes, low + stride - (i * 192) % page};
    }
    for (uint32_t i = kStacks; i-- > 0;) free.push_back(&stacks[i]);
  }
};

Pool& pool() {
  static Pool instance;
  return instance;
}

#if SIM_CHECKED
const void* scheduler_bottom = nullptr;
size_t scheduler_bytes = 0;
#endif

}  // namespace

Stack* acquire_stack() {
  Pool& p = pool();
  Stack* stack = p.free.back();
  p.free.pop_back();
  return stack;
}

void release_stack(Stack* stack) { pool().free.push_back(stack); }

void clean_stack([[maybe_unused]] const Stack* stack) {
#if SIM_CHECKED
  __asan_unpoison_memory_region(stack->low, static_cast<size_t>(stack->high - stack->low));
#endif
}

bool on_any_stack(uintptr_t address) {
  return address - reinterpret_cast<uintptr_t>(pool().area) < pool().stride * kStacks;
}

void* prepare_fiber(Stack* stack, void (*main)()) {
  uint64_t* top = reinterpret_cast<uint64_t*>(reinterpret_cast<uintptr_t>(stack->high) & ~uintptr_t{15});
#if defined(__x86_64__)
  *--top = 0;  // where `main` would return to; also aligns the stack as after a call
  *--top = reinterpret_cast<uint64_t>(main);
  for (int i = 0; i < 6; ++i) *--top = 0;  // a frame pointer of 0 ends the chain of frames
#else
  top -= 20;
  for (int i = 0; i < 20; ++i) top[i] = 0;
  top[11] = reinterpret_cast<uint64_t>(main);
#endif
  return top;
}

void switch_to_fiber(void** save, void* to, [[maybe_unused]] const Stack* stack) {
#if SIM_CHECKED
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, stack->low, static_cast<size_t>(stack->high - stack->low));
  sim_switch(save, to);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  sim_switch(save, to);
#endif
}

void switch_to_scheduler(void** save, void* to, [[maybe_unused]] bool ended) {
#if SIM_CHECKED
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(ended ? nullptr : &fake, scheduler_bottom, scheduler_bytes);
  sim_switch(save, to);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  sim_switch(save, to);
#endif
}

void fiber_started() {
#if SIM_CHECKED
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_bytes);
#endif
}

}  // namespace sim
