// Attention of the query heads of one kv head to one split of positions. Both attention_decode and attention_prefill are made
// of it and of running_softmax.h, so they give the same bits.
#ifndef METAL_FP4_ATTENTION_SPLIT_H
#define METAL_FP4_ATTENTION_SPLIT_H

#include <math.h>

#include "kv_pool.h"
#include "rest.h"
#include "vector_math.h"

namespace ISA_NAMESPACE {

// Query heads that share a key or value while it is in registers.
constexpr uint64_t head_tile = 4;

// Floats of scratch for the scores of a tile of heads over a split.
template <typename Params>
[[maybe_unused]] static uint64_t score_floats(const Params& p) {
  const uint64_t positions = uint64_t{p.maxBlocks} * p.blockSize;
  return head_tile * ((positions < p.splitLength ? positions : p.splitLength) + lanes);
}

// The keys at `position`, the first of a block, to be prefetched: null at the end of the split, or when the block is not in the pool.
template <typename Call>
static const uint16_t* next_block(const Call& call, uint64_t row, uint64_t kvHead, uint64_t position, uint64_t end) {
  if (position >= end) return nullptr;
  const uint32_t block = call.blockTable[row * call.params.tableStride + position / call.params.blockSize];
  return block < call.params.poolBlocks ? call.keys + pool_offset(call, block, kvHead, 0) : nullptr;
}

// Scores of `heads` query heads (headDim apart) with the keys at begin <= position < end: lane d % 16 sums the products of
// d, d + 16, ... in order. scores[h * stride + position - begin]. When the pool is `cold`, not in a cache, the next block's keys and these
// positions' values are asked for: blocks are too short for the processor to foresee what follows (3 times as fast at 8192 positions).
template <uint64_t heads, bool cold, typename Call>
static int score_tile(const Call& call, uint64_t row, uint64_t kvHead, const float* queries, uint64_t begin,
                      uint64_t end, float* scores, uint64_t stride) {
  const uint64_t headDim = call.params.headDim, blockSize = call.params.blockSize;
  for (uint64_t position = begin; position < end;) {
    const uint64_t offset = position % blockSize;
    const uint64_t count = blockSize - offset < end - position ? blockSize - offset : end - position;
    uint64_t block = 0;
    if (find_block(call, row, position, &block)) return 1;
    const uint64_t at = pool_offset(call, block, kvHead, offset);
    const uint16_t* key = call.keys + at;
    const uint16_t* value = call.values + at;
    const uint16_t* next = cold ? next_block(call, row, kvHead, position + count, end) : nullptr;
    for (uint64_t i = 0; i < count; i++, key += headDim) {
      for (uint64_t d = 0; cold && d < headDim; d += 32) {
        __builtin_prefetch(value + i * headDim + d);
        if (next) __builtin_prefetch(next + i * headDim + d);
      }
      f32x16 dots[heads];
      for (uint64_t h = 0; h < heads; h++) dots[h] = zero();
      for (uint64_t d = 0; d < headDim; d += lanes) {
        const f32x16 k = load_half_rest(key + d, headDim - d);
        for (uint64_t h = 0; h < heads; h++) dots[h] = fma(load_rest(queries + h * headDim + d, headDim - d), k, dots[h]);
      }
      for (uint64_t h = 0; h < heads; h++) scores[h * stride + position - begin + i] = reduce_add(dots[h]) * call.params.scale;
    }
    position += count;
  }
  return 0;
}

// Scores become e^(score - maximum), in place. Their sum: lane i % 16 adds its numbers in order.
[[maybe_unused]] static void exponentials(float* scores, uint64_t count, float* maximum, float* total) {
  f32x16 largest = splat(-INFINITY);
  for (uint64_t i = 0; i < count; i += lanes) {
    const uint64_t last = count - i < lanes ? count - i : lanes;
    for (uint64_t j = last; j < lanes; j++) scores[i + j] = -INFINITY; // beyond the split: e^-inf is 0
    largest = max(largest, load(scores + i));
  }
  *maximum = reduce_max(largest);
  f32x16 sums = zero();
  for (uint64_t i = 0; i < count; i += lanes) {
    const f32x16 weight = exp(sub(load(scores + i), splat(*maximum)));
    store(scores + i, weight);
    sums = add(sums, weight);
  }
  *total = reduce_add(sums);
}

// out[h * out_stride + d] = sum over positions, in order, of weights[h * stride + position - begin] * value[d].
template <uint64_t heads, typename Call>
static int weigh_tile(const Call& call, uint64_t row, uint64_t kvHead, const float* weights, uint64_t stride, uint64_t begin,
                       uint64_t end, float* out, uint64_t out_stride) {
  const uint64_t headDim = call.params.headDim, blockSize = call.params.blockSize;
  for (uint64_t d = 0; d < headDim; d += 2 * lanes) {
    const bool two = headDim - d > lanes;
    f32x16 low[heads], high[heads];
    for (uint64_t h = 0; h < heads; h++) low[h] = high[h] = zero();
    for (uint64_t position = begin; position < end;) {
      const uint64_t offset = position % blockSize;
      const uint64_t count = blockSize - offset < end - position ? blockSize - offset : end - position;
      uint64_t block = 0;
      if (find_block(call, row, position, &block)) return 1; // checked again: the host may write to the table meanwhile
      const uint16_t* value = call.values + pool_offset(call, block, kvHead, offset) + d;
      for (uint64_t i = 0; i < count; i++, value += headDim) {
        const f32x16 v0 = load_half_rest(value, headDim - d);
        const f32x16 v1 = two ? load_half_rest(value + lanes, headDim - d - lanes) : zero();
        for (uint64_t h = 0; h < heads; h++) {
          const f32x16 weight = splat(weights[h * stride + position - begin + i]);
          low[h] = fma(weight, v0, low[h]);
          high[h] = fma(weight, v1, high[h]);
        }
      }
      position += count;
    }
    for (uint64_t h = 0; h < heads; h++) {
      store_rest(out + h * out_stride + d, low[h], headDim - d);
      if (two) store_rest(out + h * out_stride + d + lanes, high[h], headDim - d - lanes);
    }
  }
  return 0;
}

template <uint64_t heads, bool cold, typename Call>
static int attend_tile(const Call& call, uint64_t row, uint64_t kvHead, const float* queries, uint64_t begin,
                       uint64_t end, float* scores, float* out, uint64_t out_stride) {
  const uint64_t headDim = call.params.headDim, stride = (end - begin + lanes - 1) / lanes * lanes;
  if (score_tile<heads, cold>(call, row, kvHead, queries, begin, end, scores, stride)) return 1;
  for (uint64_t h = 0; h < heads; h++) {
    float* tail = out + h * out_stride + headDim;
    exponentials(scores + h * stride, end - begin, &tail[0], &tail[1]);
  }
  return weigh_tile<heads>(call, row, kvHead, scores, stride, begin, end, out, out_stride);
}

// One split, begin <= position < end, for the query heads of a kv head. For each head, out_stride apart: the weighted values,
// the maximum score and the sum of exponentials. Non-zero after a message when a block is outside the pool.
template <bool cold, typename Call>
[[maybe_unused]] static int attend_split(const Call& call, uint64_t row, uint64_t kvHead, uint64_t begin,
                                         uint64_t end, float* scores, float* out, uint64_t out_stride) {
  const uint64_t headDim = call.params.headDim, group = call.params.heads / call.params.kvHeads;
  const float* queries = call.queries + (row * call.params.heads + kvHead * group) * headDim;
  for (uint64_t h = 0; h < group;) {
    const uint64_t left = group - h;
    const uint64_t tile = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const auto attend = tile == 4 ? attend_tile<4, cold, Call> : tile == 2 ? attend_tile<2, cold, Call> : attend_tile<1, cold, Call>;
    if (attend(call, row, kvHead, queries + h * headDim, begin, end, scores, out + h * out_stride, out_stride)) return 1;
    h += tile;
  }
  return 0;
}

}  // namespace ISA_NAMESPACE

#endif
