// The reason of a failure, for the person who called.
#ifndef METAL_FP4_FAIL_H
#define METAL_FP4_FAIL_H

#include <stdarg.h>
#include <stdio.h>

#include "cpu_kernel.h"

// Writes a message (the device puts "[kernel] " before it); returns 1, so that a kernel can return what this returns.
__attribute__((format(printf, 2, 3), unused)) static int fail(const cpu_kernel_call* call, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(call->message, call->message_size, format, arguments);
  va_end(arguments);
  return 1;
}

#endif
