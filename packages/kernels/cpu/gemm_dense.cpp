// gemm_dense: gemv_dense for any number of rows, with the same bits (rows/1). A work item is 16 columns over all of K; it takes 4 rows
// at a time, because 4 rows by 3 columns use each loaded value more often than 8 rows by one.
#include "kernel.h"

#include "dense_matmul.h"

KERNEL(gemm_dense) {
  const gemm_dense_params& p = call.params;
  constexpr uint32_t together = 4;
  const DenseMatrices matrices = {call.constants.type, call.weights, p.n, p.k};
  for (uint64_t block = begin; block < end; block++) {
    multiply_dense_matrix(matrices, call.constants.epilogue, call.activations, call.residual, call.out, p.m, together, block);
  }
  return 0;
}
