// gemv_fp4: out[m, n] = sum over k of activations[m, k] * W[k, n] for 1 to 8 rows, W in FP4 and the order columns64;
// then nothing, + residual, or silu(gate) * up over two matrices. A work item is a tile of 64 columns over all of K, so every weight
// is read once for all rows. Order of operations: columns64/1 (columns64.h), columns64/int8/1 in precision int8 (columns64_int8.cpp).
#include "kernel.h"

#include "fp4_matmul.h"

KERNEL(gemv_fp4) {
  const gemv_fp4_params& p = call.params;
  const Fp4Matrices matrices = {call.constants.precision, call.constants.format, call.codes, call.scales, call.columnScales, p.n, p.k, p.groupSize};
  for (uint64_t tile = begin; tile < end; tile++) {
    multiply_matrix(matrices, call.constants.epilogue, call.activations, call.residual, call.out, p.m, tile);
  }
  return 0;
}
