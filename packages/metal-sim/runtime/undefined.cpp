// Undefined behaviour that UBSan finds in user code, as reports; and the sanitizers' settings.
#include "protocol.h"
#include "report.h"
#include "scheduler.h"

#if SIM_CHECKED
extern "C" {
void __ubsan_get_current_report_data(const char** kind, const char** message, const char** file, unsigned* line, unsigned* column, char** address);

void __ubsan_on_report() {
  const char *kind = "", *message = "", *file = "";
  unsigned line = 0, column = 0;
  char* address = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
  if (!sim::machine.checks || sim::running_thread() == nullptr) return;
  sim::report_at("undefined", sim::place_here("here", 0), file, line, column, sim::format("%s (%s)", message, kind));
}

// What the address sanitizer finds by itself, in copies of functions that do not call the runner.
const char* __asan_get_report_description();
void* __asan_get_report_pc();
void __asan_on_error() {
  if (sim::running_thread() == nullptr) return;
  const sim::Place place = sim::place_here("here", reinterpret_cast<uintptr_t>(__asan_get_report_pc()) + 1);
  sim::report("out-of-bounds", place, nullptr, [] { return std::string("AddressSanitizer: ") + __asan_get_report_description(); });
}

// Kernels own no memory; what the runner keeps to its end is no leak.
const char* __asan_default_options() { return "detect_leaks=0:detect_stack_use_after_return=0:halt_on_error=0"; }
const char* __ubsan_default_options() { return "print_stacktrace=0"; }
}
#endif
