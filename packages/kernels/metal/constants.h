// Function constants. All kernels are one translation unit, so constant i of every kernel is this constant i; each names its own, e.g.
// `constant bool gemv_fp4_swiglu = constant1 == uint(gemv_fp4_epilogue::swiglu)`. The host sets those of the kernel's manifest entry.
#ifndef METAL_FP4_CONSTANTS_H
#define METAL_FP4_CONSTANTS_H

#include <metal_stdlib>
using namespace metal;

constant uint constant0 [[function_constant(0)]];
constant uint constant1 [[function_constant(1)]];
constant uint constant2 [[function_constant(2)]];
constant uint constant3 [[function_constant(3)]];

#endif
