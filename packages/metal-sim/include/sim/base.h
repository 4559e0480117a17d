// What every other header here stands on: how functions are declared, scalar types, and the runner.
//
// These headers are clang's C++, not Metal: the package's compiler rewrites the user's source (address spaces, attributes, constructors of
// vectors) and leaves headers alone. Address spaces are clang's SYCL ones.
#pragma once
#include "../../runtime/abi.h"

#define SIM_DEVICE __attribute__((opencl_global_device))
#define SIM_CONSTANT __attribute__((opencl_global_host))
#define SIM_THREADGROUP __attribute__((opencl_local))
// Inlined without places of their own, so that a report names the line of the user's that calls.
#define SIM_INLINE __attribute__((always_inline, nodebug)) inline
// For memory that is not the kernel's.
#define SIM_NO_CHECKS __attribute__((no_sanitize("address", "undefined", "coverage"), nodebug))
#define SIM_RAW __attribute__((noinline, no_sanitize("address", "undefined", "coverage"), nodebug)) inline

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef _Float16 half;
typedef __bf16 bfloat;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;

#ifndef METAL_FUNC
#define METAL_FUNC inline
#endif
#ifndef METAL_CONST
#define METAL_CONST
#endif
#ifndef METAL_PURE
#define METAL_PURE
#endif

namespace metal {
using ::bfloat;
using ::half;
using ::int16_t;
using ::int32_t;
using ::int64_t;
using ::int8_t;
using ::intptr_t;
using ::ptrdiff_t;
using ::size_t;
using ::uchar;
using ::uint;
using ::uint16_t;
using ::uint32_t;
using ::uint64_t;
using ::uint8_t;
using ::uintptr_t;
using ::ulong;
using ::ushort;
}  // namespace metal
