// moe_gemv_dense: out[m, s, n] = sum over k of x[k] * W[ids[m, s]][n, k], W dense [experts, parts, N, K]; then nothing or
// silu(gate) * up. A work item is 16 columns of one chosen expert over all of K, read once for up to 8 of the rows that
// chose it. Order of operations: rows/1.
#include "kernel.h"

#include "dense_matmul.h"
#include "experts.h"

namespace ISA_NAMESPACE {

static void multiply_pairs(const moe_gemv_dense_call& call, uint64_t expert, uint64_t block, const uint64_t* pairs, uint64_t pair_count) {
  const moe_gemv_dense_params& p = call.params;
  const DenseMatrices matrices = {call.constants.type, call.weights, p.n, p.k};
  const Epilogue epilogue = without_add(call.constants.epilogue);
  const float *rows[dense_rows], *residuals[dense_rows] = {};
  float* outs[dense_rows];
  for (uint64_t first = 0; first < pair_count; first += dense_rows) {
    const uint32_t count = pair_count - first < dense_rows ? static_cast<uint32_t>(pair_count - first) : dense_rows;
    for (uint32_t i = 0; i < count; i++) {
      const uint64_t pair = pairs[first + i];
      rows[i] = call.activations + (call.constants.input == moe_gemv_dense_input::perSlot ? pair : pair / p.topK) * p.k;
      outs[i] = call.out + pair * p.n;
    }
    const uint64_t matrix = epilogue == Epilogue::swiglu ? 2 * expert : expert;
    multiply_dense_and_finish(matrices, epilogue, matrix, block, rows, residuals, outs, count);
  }
}

static Pairs pairs_of(const moe_gemv_dense_call& call) {
  return {call.ids, call.params.m, call.params.topK, call.params.experts};
}

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(moe_gemv_dense, chosen_scratch(pairs_of(call)))

KERNEL_WITH_SCRATCH(moe_gemv_dense) {
  return for_chosen(call.raw, pairs_of(call), begin, end, [&](uint64_t expert, uint64_t block, const uint64_t* pairs, uint64_t count) {
    multiply_pairs(call, expert, block, pairs, count);
  });
}
