// sample_token: a token drawn from each row of logits [M, N] by the rules of the manifest: of the topK largest, the shortest run from the
// largest down that has topP of their weights, and of those the ones of at least minP of the largest weight. Weights are integers, so
// sums may be taken in any order, and the CPU draws the same token.
// Grid: M threadgroups of 1024 threads, a row each.
// settings: temperature, topP, minP (float32 bits), topK, seedLow, seedHigh. Settings or logits that make no sense fail.
#include <metal_stdlib>
using namespace metal;

#include "params.h"
#include "philox.h"
#include "sampling.h"

namespace sample_token_ {

constant constexpr uint refused_temperature = 4, refused_top_p = 5, refused_min_p = 6;
constant constexpr uint one = 0x3f800000, infinity = 0x7f800000, minus_zero = 0x80000000;

// Settings are looked at as integers, as a GPU may take subnormal numbers for 0.
static uint refused_setting(device const uint* settings) {
  if (settings[0] >= infinity && settings[0] != minus_zero) return refused_temperature;
  if (settings[1] == 0u || settings[1] > one) return refused_top_p;
  if (settings[2] > one && settings[2] != minus_zero) return refused_min_p;
  return 0u;
}

// The shortest run of what `cut` keeps, from the largest key down (ties: from the lowest index up), whose measures sum to at least
// target, which is above 0 and at most the sum of all: by their weights, or (`counted`) by 1 each. A radix selection over histograms of
// 11, 11 and 10 bits of the key.
static fp4::cutoff select_run(fp4::sample_row row, fp4::cutoff cut, bool counted, ulong target,
                              threadgroup fp4::sample_memory& memory) {
  uint prefix = 0u, known = 0u;  // of the key that is being looked for
  for (uint level = 0; level < 3u; level++) {
    const uint shift = level == 0u ? 21u : level == 1u ? 10u : 0u, mask = level == 2u ? 1023u : 2047u;
    for (uint bin = row.thread_index; bin < fp4::sample_bins; bin += fp4::sample_threads) {
      atomic_store_explicit(fp4::low_of(memory, bin), 0u, memory_order_relaxed);
      atomic_store_explicit(fp4::high_of(memory, bin), 0u, memory_order_relaxed);
    }
    if (row.thread_index == 0u) {
      memory.bin = 0u;
      memory.left = 1ul;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = row.segment + row.lane; i < row.stop; i += fp4::simdgroup_lanes) {
      const float logit = row.logits[i];
      const uint key = fp4::ordered_key(logit);
      if ((key & known) != prefix || !fp4::kept(cut, key, i)) continue;
      const ulong amount = counted ? 1ul : fp4::weight_of(row, logit);
      if (amount > 0ul) fp4::add_to_bin(memory, (key >> shift) & mask, amount);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    fp4::find_bin(row, target, memory);
    prefix |= memory.bin << shift;
    known |= mask << shift;
    target = memory.left;
    threadgroup_barrier(mem_flags::mem_threadgroup);  // before the bins are cleared
  }
  // Logits of one key have one weight, so the target says how many of them.
  const ulong each = counted ? 1ul : max(1ul, fp4::weight_of(row, fp4::number_of_key(prefix)));
  fp4::sample_measure ties;
  ties.cut.key = prefix;
  ties.cut.last = prefix == cut.key ? cut.last : row.n - 1u;
  ties.least = 0ul;
  ties.counted = true;
  const fp4::sample_sums sums = fp4::sum_row(row, ties, memory);
  if (row.thread_index == 0u) memory.index = ties.cut.last;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  fp4::find_index(row, ties, sums, (target - 1ul) / each, memory);
  fp4::cutoff result;
  result.key = prefix;
  result.last = memory.index;
  return result;
}

// The token of a row whose logits are in order.
static uint draw(fp4::sample_row row, device const uint* settings, uint position, threadgroup fp4::sample_memory& memory) {
  fp4::sample_measure measure;
  measure.cut.key = 0u;
  measure.cut.last = row.n - 1u;
  measure.least = 0ul;
  measure.counted = false;
  const uint topK = settings[3];
  if (topK > 0u && topK < row.n) measure.cut = select_run(row, measure.cut, true, topK, memory);
  if (settings[1] < one) {
    const ulong part = fp4::times_2_to_40(as_type<float>(settings[1])) >> 8;
    const ulong target = fp4::fraction_of(part, fp4::sum_row(row, measure, memory).place.total);
    measure.cut = select_run(row, measure.cut, false, max(1ul, target), memory);
  }
  measure.least = fp4::times_2_to_40(as_type<float>(settings[2] & 0x7fffffffu));
  const fp4::sample_sums sums = fp4::sum_row(row, measure, memory);
  if (row.thread_index == 0u) memory.index = 0u;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  const uint random = fp4::philox_word(position, settings[4], settings[5]);
  fp4::find_index(row, measure, sums, fp4::fraction_of(random, sums.place.total), memory);
  return memory.index;
}

}  // namespace sample_token_

[[max_total_threads_per_threadgroup(1024)]]
kernel void sample_token(device const float* logits [[buffer(0)]],
                         device const uint* positions [[buffer(1)]],
                         device const uint* settings [[buffer(2)]],
                         device uint* tokens [[buffer(3)]],
                         constant sample_token_params& params [[buffer(4)]],
                         device atomic_uint* status [[buffer(5)]],
                         uint m [[threadgroup_position_in_grid]],
                         uint thread_index [[thread_index_in_threadgroup]],
                         uint simdgroup [[simdgroup_index_in_threadgroup]],
                         uint lane [[thread_index_in_simdgroup]]) {
  using namespace sample_token_;
  threadgroup fp4::sample_memory memory;
  const uint refused = refused_setting(settings);
  if (refused != 0u) {
    if (thread_index == 0u) fp4::fail(status, refused, 0u, 0u);
    return;
  }
  fp4::sample_row row;
  row.logits = logits + ulong(m) * params.n;
  row.n = params.n;
  row.thread_index = thread_index;
  row.simdgroup = simdgroup;
  row.lane = lane;
  const fp4::extremes found = fp4::threadgroup_extremes(
      fp4::own_extremes(row.logits, row.n, thread_index, fp4::sample_threads), memory.found, simdgroup, 32u, lane);
  if (fp4::refuse_logits(row.logits, found, m, status)) return;

  uint token = found.index;
  if ((settings[0] & 0x7fffffffu) != 0u) {
    row.largest = row.logits[found.index];
    row.temperature = as_type<float>(settings[0]);
    const uint length = (row.n + 1023u) / 1024u * 32u;  // n is at most 2^22
    row.segment = min(simdgroup * length, row.n);
    row.stop = min(row.segment + length, row.n);
    token = draw(row, settings, positions[m], memory);
  }
  if (thread_index == 0u) tokens[m] = token;
}
