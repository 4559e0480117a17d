// gemv_dense: out[m, n] = sum over k of activations[m, k] * W[n, k] for 1 to 8 rows, W row-major [N, K] of float32, half or bfloat16;
// then nothing, + residual, or silu(gate) * up over two matrices. A work item is 16 columns over all of K. Order of
// operations: rows/1 (dense.h).
#include "kernel.h"

#include "dense_matmul.h"

KERNEL(gemv_dense) {
  const gemv_dense_params& p = call.params;
  const DenseMatrices matrices = {call.constants.type, call.weights, p.n, p.k};
  for (uint64_t block = begin; block < end; block++) {
    multiply_dense_matrix(matrices, call.constants.epilogue, call.activations, call.residual, call.out, p.m, dense_rows, block);
  }
  return 0;
}
