// penalize_logits: out = logits [N], where a token that was seen has logit * repetition (below 0) or logit / repetition, and one that was
// made then loses frequency * made + presence. settings: repetition, presence, frequency (float32 bits). out may be logits.
// Grid: ceil(N / 1024) threadgroups of 256 threads, four elements each. Settings that make no sense fail.
#include <metal_stdlib>
using namespace metal;

#include "params.h"
#include "status.h"

namespace penalize_logits_ {

// Settings are looked at as integers, as a GPU may take subnormal numbers for 0.
static uint refused_setting(device const uint* settings) {
  const uint smallest = 0x00800000u, infinity = 0x7f800000u;
  if (settings[0] < smallest || settings[0] >= infinity) return 1u;
  if ((settings[1] & 0x7fffffffu) >= infinity) return 2u;
  if ((settings[2] & 0x7fffffffu) >= infinity) return 3u;
  return 0u;
}

}  // namespace penalize_logits_

[[max_total_threads_per_threadgroup(256)]]
kernel void penalize_logits(device const float* logits [[buffer(0)]],
                            device const uint* seen [[buffer(1)]],
                            device const uint* made [[buffer(2)]],
                            device const uint* settings [[buffer(3)]],
                            device float* out [[buffer(4)]],
                            constant penalize_logits_params& params [[buffer(5)]],
                            device atomic_uint* status [[buffer(6)]],
                            uint group [[threadgroup_position_in_grid]],
                            uint thread_index [[thread_index_in_threadgroup]]) {
  const uint refused = penalize_logits_::refused_setting(settings);
  if (refused != 0u) {
    if (thread_index == 0u) fp4::fail(status, refused, 0u, 0u);
    return;
  }
  const float repetition = as_type<float>(settings[0]), presence = as_type<float>(settings[1]);
  const float frequency = as_type<float>(settings[2]);
  const ulong first = ulong(group) * 1024u, stop = min(first + 1024u, ulong(params.n));
  for (ulong i = first + thread_index; i < stop; i += 256u) {
    float logit = logits[i];
    if (seen[i] > 0u) logit = logit < 0.0f ? logit * repetition : logit / repetition;
    if (made[i] > 0u) logit = fma(-frequency, float(made[i]), logit) - presence;
    out[i] = logit;
  }
}
