#include "faults.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "fiber.h"
#include "library.h"
#include "protocol.h"
#include "ranges.h"
#include "report.h"
#include "scheduler.h"

namespace sim {
namespace {

struct Fault {
  int signal;
  uintptr_t address, pc;
  bool stack_overflow() const { return signal == SIGSEGV && on_any_stack(address) && address < stack_range.low; }
  const char* kind() const {
    return stack_overflow() ? "stack-overflow" : signal == SIGSEGV || signal == SIGBUS ? "out-of-bounds" : "undefined";
  }
  std::string message() const {
    if (stack_overflow()) return format("expected at most %zu KB of stack for a thread, got more.", kStackBytes / 1024);
    if (signal == SIGFPE) return "division of an integer by zero, or of the smallest one by -1.";
    if (signal == SIGILL || signal == SIGTRAP) return "reached code that the source says is never reached, or the end of a function that returns a value.";
    return "access of memory outside of all buffers.";
  }
};

Fault fault;

// Runs on the stack of the thread whose instruction failed, as if that had called it.
[[noreturn]] void after_fault() {
  const Stack stack = {reinterpret_cast<uint8_t*>(stack_range.low), reinterpret_cast<uint8_t*>(stack_range.high)};
  clean_stack(&stack);
  report(fault.kind(), place_here("here", fault.pc + 1), nullptr, [] { return fault.message(); });
  give_up_threadgroup();
}

#if defined(__linux__) && defined(__x86_64__)
uintptr_t& pc_of(ucontext_t* context) { return reinterpret_cast<uintptr_t&>(context->uc_mcontext.gregs[REG_RIP]); }
void set_stack(ucontext_t* context, uintptr_t top) { context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(top - 8); }
#elif defined(__linux__)
uintptr_t& pc_of(ucontext_t* context) { return reinterpret_cast<uintptr_t&>(context->uc_mcontext.pc); }
void set_stack(ucontext_t* context, uintptr_t top) { context->uc_mcontext.sp = top; }
#else
uintptr_t none;
uintptr_t& pc_of(ucontext_t*) { return none = 0; }
void set_stack(ucontext_t*, uintptr_t) {}
#endif

void handle(int signal, siginfo_t* info, void* raw) {
  auto* context = static_cast<ucontext_t*>(raw);
  fault = {signal, reinterpret_cast<uintptr_t>(info->si_addr), pc_of(context)};
  if (running_thread() != nullptr && library_at(fault.pc) != nullptr) {
    // The thread will not go on, so the whole of its stack is free.
    set_stack(context, stack_range.high & ~uintptr_t{15});
    pc_of(context) = reinterpret_cast<uintptr_t>(after_fault);
    return;
  }
  fprintf(stderr, "[metal-sim] the runner failed: signal %d at address %#zx, code %#zx, kernel %s, thread %u\n", signal,
          static_cast<size_t>(fault.address), static_cast<size_t>(fault.pc), machine.kernel == nullptr ? "(none)" : machine.kernel->name,
          machine.thread);
  _exit(1);
}

pid_t parent;

void look_for_parent(int) {
  if (getppid() != parent) _exit(1);
}

}  // namespace

void watch_parent() {
  parent = getppid();
  struct sigaction action = {};
  action.sa_handler = look_for_parent;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval each_second = {{1, 0}, {1, 0}};
  setitimer(ITIMER_REAL, &each_second, nullptr);
}

void watch_faults() {
  static char memory[1 << 16];
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = sizeof memory;
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigaction(signal, &action, nullptr);
}

}  // namespace sim
