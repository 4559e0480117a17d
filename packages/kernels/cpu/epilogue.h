// What is done with the sums of a matrix product before they are stored.
#ifndef METAL_FP4_EPILOGUE_H
#define METAL_FP4_EPILOGUE_H

#include "params.h"
#include "vector_math.h"

namespace ISA_NAMESPACE {

using Epilogue = gemv_fp4_epilogue;

// Kernels for experts know no `add`.
SIMD Epilogue without_add(moe_gemv_fp4_epilogue epilogue) {
  return epilogue == moe_gemv_fp4_epilogue::swiglu ? Epilogue::swiglu : Epilogue::none;
}

// Stores `count` <= 16 values of a row from column `column` on; `value` is the gate's sum for swiglu.
SIMD void finish_lanes(Epilogue epilogue, f32x16 value, const float* up, const float* residual, float* out, uint64_t column,
                       uint32_t count) {
  if (epilogue == Epilogue::add) value = add(value, load_first(residual + column, count));
  if (epilogue == Epilogue::swiglu) value = mul(silu(value), load(up));
  store_first(out + column, value, count);
}

}  // namespace ISA_NAMESPACE

#endif
