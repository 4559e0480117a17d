// moe_router_topk: scores are softmax(logits[m]) or sigmoid(logits[m]); the topK experts with the largest score (plus bias[e], which only
// chooses; without a bias: with the largest logit) are taken, ties to the lower index; their scores, divided by their sum when
// normalized, times scalingFactor, are the weights. logits [M, experts], ids and weights [M, topK].
// Grid: M threadgroups of one simdgroup; lane l has experts l, l + 32, ...; up to 1024 of them.
// A NaN, +infinity, nothing but -infinity, or a bias that is not finite fails.
#include <metal_stdlib>
using namespace metal;

#include "constants.h"
#include "exponential.h"
#include "logits.h"
#include "params.h"

constant bool moe_router_topk_sigmoid = constant0 == uint(moe_router_topk_scoring::sigmoid);
constant bool moe_router_topk_normalized = constant1 == uint(moe_router_topk_normalize::on);
constant bool moe_router_topk_biased = constant2 == uint(moe_router_topk_bias::on);

namespace moe_router_topk_ {

constant constexpr uint refused_bias = 4;
constant constexpr uint max_experts = 1024;  // the manifest's constraint
constant constexpr uint lanes = fp4::simdgroup_lanes;

// Whether a bias is not finite, and the first one.
static bool refuse_bias(device const float* bias, uint n, uint lane, device atomic_uint* status) {
  uint first = n;
  for (uint e = lane; e < n; e += lanes) {
    const uint key = fp4::ordered_key(bias[e]);
    if (key >= fp4::key_of_infinity || key <= fp4::key_of_minus_infinity) first = min(first, e);
  }
  first = simd_min(first);
  if (first == n) return false;
  if (lane == 0u) fp4::fail(status, refused_bias, first, 0u);
  return true;
}

// The largest of a lane's own experts; keys of 0 have been taken.
static fp4::extremes best_of_lane(threadgroup const uint* keys, uint n, uint lane) {
  fp4::extremes best = fp4::no_extremes();
  for (uint e = lane; e < n; e += lanes) {
    if (keys[e] > best.key) {
      best.key = keys[e];
      best.index = e;
    }
  }
  return best;
}

}  // namespace moe_router_topk_

[[max_total_threads_per_threadgroup(32)]]
kernel void moe_router_topk(device const float* logits [[buffer(0)]],
                            device const float* bias [[buffer(1), function_constant(moe_router_topk_biased)]],
                            device uint* ids [[buffer(2)]],
                            device float* weights [[buffer(3)]],
                            constant moe_router_topk_params& params [[buffer(4)]],
                            device atomic_uint* status [[buffer(5)]],
                            uint row [[threadgroup_position_in_grid]],
                            uint lane [[thread_index_in_simdgroup]]) {
  using namespace moe_router_topk_;
  threadgroup float scores[max_experts];
  threadgroup uint keys[max_experts];  // of what experts are ordered by
  const uint n = min(params.n, max_experts), topK = params.topK;
  device const float* own = logits + ulong(row) * n;
  if (moe_router_topk_biased) {
    if (refuse_bias(bias, n, lane, status)) return;
  }
  const fp4::extremes found = fp4::simdgroup_extremes(fp4::own_extremes(own, n, lane, lanes));
  if (fp4::refuse_logits(own, found, row, status)) return;

  // Softmax is not yet divided by its sum.
  const float largest = own[found.index];
  float total = 0.0f;
  for (uint e = lane; e < n; e += lanes) {
    scores[e] = moe_router_topk_sigmoid ? fp4::sigmoid(own[e]) : fp4::exponential(own[e] - largest);
    total += scores[e];
  }
  total = fp4::simdgroup_sum(total);
  for (uint e = lane; e < n; e += lanes) {
    float order = own[e];
    if (moe_router_topk_biased) order = (moe_router_topk_sigmoid ? scores[e] : scores[e] / total) + bias[e];
    keys[e] = fp4::ordered_key(order);
  }
  simdgroup_barrier(mem_flags::mem_threadgroup);

  float sum = 0.0f, chosenScore = 0.0f;  // chosenScore: of the slot of this lane's number
  fp4::extremes best = best_of_lane(keys, n, lane);
  for (uint slot = 0; slot < topK; slot++) {
    // A row has more experts than slots, so there is one left.
    const uint chosen = min(fp4::simdgroup_extremes(best).index, n - 1u);
    const float score = scores[chosen];
    sum += score;
    if (lane == slot) chosenScore = score;
    if (lane == 0u) ids[ulong(row) * topK + slot] = chosen;
    if (lane == chosen % lanes) {
      keys[chosen] = 0u;
      best = best_of_lane(keys, n, lane);
    }
  }
  float divisor = moe_router_topk_sigmoid ? 1.0f : total;
  if (moe_router_topk_normalized) divisor = sum > 0.0f ? sum : 1.0f;
  if (lane < topK) weights[ulong(row) * topK + lane] = chosenScore / divisor * params.scalingFactor;
}
