// moe_gemv_fp4: out[m, s, n] = sum over k of x[k] * W[ids[m, s]][k, n], W in FP4 and the order columns64; then nothing or
// silu(gate) * up. A work item is one chosen expert's tile of 64 columns over all of K, read once for up to 8 of the rows
// that chose it. Order of operations: columns64/1 or columns64/int8/1, so that a row's bits do not depend on what else is in the batch.
#include "kernel.h"

#include "experts.h"
#include "fp4_matmul.h"

namespace ISA_NAMESPACE {

static void multiply_pairs(const moe_gemv_fp4_call& call, uint64_t expert, uint64_t tile, const uint64_t* pairs, uint64_t pair_count) {
  const moe_gemv_fp4_params& p = call.params;
  const Fp4Matrices matrices = {call.constants.precision, call.constants.format, call.codes, call.scales, call.columnScales, p.n, p.k, p.groupSize};
  const Epilogue epilogue = without_add(call.constants.epilogue);
  const uint8_t* rows[max_rows];
  const float* residuals[max_rows] = {};
  float* outs[max_rows];
  for (uint64_t first = 0; first < pair_count; first += max_rows) {
    const uint32_t count = pair_count - first < max_rows ? static_cast<uint32_t>(pair_count - first) : max_rows;
    for (uint32_t i = 0; i < count; i++) {
      const uint64_t pair = pairs[first + i];
      const uint64_t row = call.constants.input == moe_gemv_fp4_input::perSlot ? pair : pair / p.topK;
      rows[i] = static_cast<const uint8_t*>(call.activations) + row * row_bytes(matrices);
      outs[i] = call.out + pair * p.n;
    }
    const uint64_t matrix = epilogue == Epilogue::swiglu ? 2 * expert : expert;
    multiply_and_finish(matrices, epilogue, matrix, tile, rows, residuals, outs, count);
  }
}

static Pairs pairs_of(const moe_gemv_fp4_call& call) {
  return {call.ids, call.params.m, call.params.topK, call.params.experts};
}

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(moe_gemv_fp4, chosen_scratch(pairs_of(call)))

KERNEL_WITH_SCRATCH(moe_gemv_fp4) {
  return for_chosen(call.raw, pairs_of(call), begin, end, [&](uint64_t expert, uint64_t tile, const uint64_t* pairs, uint64_t count) {
    multiply_pairs(call, expert, tile, pairs, count);
  });
}
