// Norm and rotation of a row's queries and keys, and its keys and values into the pool: a row for each threadgroup.
// Products are rounded before they are added: (x0 c) - (x1 s) and (x1 c) + (x0 s).
#include "kv_pool.h"
#include "normalize.h"

namespace ISA_NAMESPACE {

static void rotate(float* out, const float* x, const float* rotation, uint64_t headDim, rope_kv_append_pairing pairing) {
  const uint64_t half = headDim / 2;
  const bool interleaved = pairing == rope_kv_append_pairing::interleaved;
  const uint64_t step = interleaved ? 2 : 1;
  const uint64_t distance = interleaved ? 1 : half;
  for (uint64_t i = 0; i < half; i++) {
    const float c = rotation[2 * i], s = rotation[2 * i + 1];
    const float x0 = x[i * step], x1 = x[i * step + distance];
    out[i * step] = x0 * c - x1 * s;
    out[i * step + distance] = x1 * c + x0 * s;
  }
}

// Nearest halves; what is beyond ±65504 becomes that, since one infinite key would make every later row NaN.
static void store_saturated(uint16_t* out, const float* x, uint64_t count) {
  for (uint64_t i = 0; i < count; i += lanes) {
    const f32x16 saturated = max(splat(-65504.0f), min(splat(65504.0f), load_rest(x + i, count - i))); // both keep a NaN
    store_half_rest(out + i, saturated, count - i);
  }
}

}  // namespace ISA_NAMESPACE

KERNEL(rope_kv_append) {
  const rope_kv_append_params& p = call.params;
  const uint64_t headDim = p.headDim;
  const bool norm = call.constants.norm == rope_kv_append_norm::on;
  float head[1024];
  for (uint64_t m = begin; m < end; m++) {
    const uint64_t position = call.positions[m];
    if (position >= p.maxPositions) {
      return fail(call.raw, "position %u at row %u is not below maxPositions %u", (unsigned)position, (unsigned)m,
                  p.maxPositions);
    }
    uint64_t block = 0;
    if (check_position(call, m, position)) return 1;
    if (find_block(call, m, position, &block)) return 1;
    const float* rotation = call.rotations + position * headDim;
    const float* x = call.qkv + m * (uint64_t{p.heads} + 2 * uint64_t{p.kvHeads}) * headDim;
    const auto rotate_head = [&](float* out, const float* weight) {
      if (norm) scale_row(head, x, weight, headDim, inverse_rms(x, headDim, p.epsilon));
      rotate(out, norm ? head : x, rotation, headDim, call.constants.pairing);
      x += headDim;
    };
    for (uint64_t h = 0; h < p.heads; h++) rotate_head(call.queries + (m * p.heads + h) * headDim, call.queryNorm);
    for (uint64_t h = 0; h < p.kvHeads; h++) {
      float rotated[1024];
      rotate_head(rotated, call.keyNorm);
      store_saturated(call.keys + pool_offset(call, block, h, position % p.blockSize), rotated, headDim);
    }
    for (uint64_t h = 0; h < p.kvHeads; h++, x += headDim) {
      store_saturated(call.values + pool_offset(call, block, h, position % p.blockSize), x, headDim);
    }
  }
  return 0;
}
