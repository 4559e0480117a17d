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

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(moe_gemv_dense, sizeof(uint64_t) * call.params.m * call.params.topK + sizeof(uint32_t) * call.params.experts)

KERNEL_WITH_SCRATCH(moe_gemv_dense) {
  const moe_gemv_dense_params& p = call.params;
  const uint64_t pair_count = uint64_t{p.m} * p.topK, blocks = call.raw->grid[0];
  uint64_t* pairs = static_cast<uint64_t*>(call.raw->scratch);
  uint32_t* chosen = reinterpret_cast<uint32_t*>(pairs + pair_count);
  uint64_t chosen_count = 0;
  if (chosen_experts(call.raw, call.ids, pair_count, p.topK, p.experts, chosen, &chosen_count)) return 1;
  uint64_t listed = chosen_count, count = 0; // which of the chosen experts has its pairs in scratch
  for (uint64_t item = begin; item < end; item++) {
    const uint64_t choice = item / blocks, block = item % blocks;
    if (choice >= chosen_count) break; // pairs that share experts leave the last places empty
    if (choice != listed) {
      listed = choice;
      count = pairs_of_expert(call.ids, pair_count, chosen[choice], pairs);
    }
    multiply_pairs(call, chosen[choice], block, pairs, count);
  }
  return 0;
}
