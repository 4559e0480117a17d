// The topK experts of a row and their weights: a row for each threadgroup.
#include "logits.h"
#include "rest.h"
#include "vector_math.h"

namespace ISA_NAMESPACE {

constexpr uint32_t max_experts = 1024; // the manifest's constraint

// softmax (not yet divided by its sum, which is returned) or sigmoid of n logits; lane i % 16 of the sum adds its numbers in order.
static float score_experts(const float* logits, uint64_t n, float largest, moe_router_topk_scoring scoring, float* scores) {
  f32x16 sums = zero();
  for (uint64_t i = 0; i < n; i += lanes) {
    const f32x16 x = load_rest(logits + i, n - i);
    store(scores + i, scoring == moe_router_topk_scoring::sigmoid ? sigmoid(x) : exp(sub(x, splat(largest))));
    sums = add(sums, load_rest(scores + i, n - i));
  }
  return reduce_add(sums);
}

static int check_bias(const moe_router_topk_call& call) {
  for (uint32_t e = 0; call.bias && e < call.params.n; e++) {
    const uint32_t key = ordered_key(call.bias[e]);
    if (key >= key_of_infinity || key <= key_of_minus_infinity) {
      return fail(call.raw, "the bias of expert %u is not a finite number", e);
    }
  }
  return 0;
}

}  // namespace ISA_NAMESPACE

KERNEL(moe_router_topk) {
  const moe_router_topk_params& p = call.params;
  const bool normalize = call.constants.normalize == moe_router_topk_normalize::on;
  const bool softmax = call.constants.scoring == moe_router_topk_scoring::softmax;
  float scores[max_experts], order[max_experts];
  if (check_bias(call)) return 1;
  for (uint64_t m = begin; m < end; m++) {
    const float* logits = call.logits + m * p.n;
    uint32_t* ids = call.ids + m * p.topK;
    float* weights = call.weights + m * p.topK;
    uint32_t best = 0;
    if (find_largest(call.raw, logits, p.n, m, &best)) return 1;
    const float total = score_experts(logits, p.n, logits[best], call.constants.scoring, scores);
    for (uint32_t e = 0; e < p.n; e++) {
      order[e] = call.bias ? (softmax ? scores[e] / total : scores[e]) + call.bias[e] : logits[e];
    }
    bool taken[max_experts] = {};
    float sum = 0;
    for (uint32_t slot = 0; slot < p.topK; slot++) {
      uint32_t chosen = p.n;
      for (uint32_t e = 0; e < p.n; e++) {
        if (!taken[e] && (chosen == p.n || order[e] > order[chosen])) chosen = e;
      }
      taken[chosen] = true;
      ids[slot] = chosen;
      sum += scores[chosen];
    }
    const float divisor = normalize ? (sum > 0 ? sum : 1.0f) : softmax ? total : 1.0f;
    for (uint32_t slot = 0; slot < p.topK; slot++) weights[slot] = scores[ids[slot]] / divisor * p.scalingFactor;
  }
  return 0;
}
