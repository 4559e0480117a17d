// out[m] = column tokens[m] of W, FP4 in tiles of 64 columns: one column for each threadgroup. A value is code * scale, which is
// exact, times the column's scale for nvfp4, rounded once.
#include "fp4.h"
#include "kernel.h"

namespace ISA_NAMESPACE {

static const float code_values[16] = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                                      -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};

// Scale number `index`, out of its 16 neighbours: a tile holds 64 together.
template <Format format>
static float scale_at(const void* scales, uint64_t index) {
  float all[lanes];
  store(all, load_scales<format>(scales, index - index % lanes));
  return all[index % lanes];
}

template <Format format>
static void dequantize_column(const embedding_rows_fp4_call& call, uint64_t token, float* out) {
  const uint64_t k = call.params.k, groupSize = call.params.groupSize, words = (k + 7) / 8, groups = (k + groupSize - 1) / groupSize;
  const uint64_t tile = token / 64, column = token % 64;
  const float columnScale = format == Format::nvfp4 ? call.columnScales[token] : 1.0f;
  for (uint64_t group = 0; group < groups; group++) {
    const float scale = scale_at<format>(call.scales, (tile * groups + group) * 64 + column);
    const uint64_t stop = (group + 1) * groupSize < k ? (group + 1) * groupSize : k;
    for (uint64_t i = group * groupSize; i < stop; i++) {
      const uint32_t word = call.codes[(tile * words + i / 8) * 64 + column];
      out[i] = code_values[(word >> (4 * (i % 8))) & 15] * scale * columnScale;
    }
  }
}

}  // namespace ISA_NAMESPACE

KERNEL(embedding_rows_fp4) {
  for (uint64_t m = begin; m < end; m++) {
    const uint64_t token = call.tokens[m];
    if (token >= call.params.n) {
      return fail(call.raw, "token %u at row %u is outside the vocabulary of %u", (unsigned)token, (unsigned)m,
                  call.params.n);
    }
    float* out = call.out + m * call.params.k;
    switch (call.constants.format) {
      case Format::fp4: dequantize_column<Format::fp4>(call, token, out); break;
      case Format::mxfp4: dequantize_column<Format::mxfp4>(call, token, out); break;
      case Format::nvfp4: dequantize_column<Format::nvfp4>(call, token, out); break;
    }
  }
  return 0;
}
