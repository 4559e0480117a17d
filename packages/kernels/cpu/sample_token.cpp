// A token drawn from each row of logits: a row for each threadgroup. Nothing is sorted: logits are cut off at a key, which a radix
// selection over histograms of 11, 11 and 10 bits finds, and at an index among those of that key.
#include <math.h>

#include "logits.h"
#include "philox.h"
#include "rest.h"
#include "vector_math.h"

namespace ISA_NAMESPACE {

constexpr uint64_t one = uint64_t{1} << 40; // the weight of the largest logit

// What is kept so far: keys above `key`, and those equal to it up to index `last`.
struct cutoff {
  uint32_t key, last;
};

// Scratch of one thread, for n logits.
struct sample_scratch {
  uint64_t* weights;    // [n]
  uint64_t* histogram;  // [2048]
  uint32_t* candidates; // [n]
};

static uint64_t sample_scratch_bytes(uint64_t n) { return (n + 2048) * sizeof(uint64_t) + n * sizeof(uint32_t); }

struct sample_settings {
  float temperature, topP, minP;
  uint32_t topK, seedLow, seedHigh;
};

// floor(part * whole / 2^32) for part <= 2^32 and whole < 2^63.
static uint64_t fraction_of(uint64_t part, uint64_t whole) { return part * (whole >> 32) + (part * (whole & 0xffffffffu) >> 32); }

static int read_settings(const sample_token_call& call, sample_settings* s) {
  memcpy(s, call.settings, sizeof(*s));
  if (!(s->temperature >= 0 && s->temperature < INFINITY)) {
    return fail(call.raw, "temperature %g is not a finite number of at least 0", (double)s->temperature);
  }
  if (!(s->topP > 0 && s->topP <= 1)) return fail(call.raw, "topP %g is not above 0 and at most 1", (double)s->topP);
  if (!(s->minP >= 0 && s->minP <= 1)) return fail(call.raw, "minP %g is not from 0 to 1", (double)s->minP);
  return 0;
}

// floor(2^40 exp((logit - largest) / temperature)): a float32 times 2^40, truncated.
static void weigh(const float* logits, uint64_t n, float largest, float temperature, uint64_t* weights) {
  for (uint64_t i = 0; i < n; i += lanes) {
    float scaled[lanes];
    store(scaled, mul(exp(div(sub(load_rest(logits + i, n - i), splat(largest)), splat(temperature))), splat(0x1p40f)));
    const uint64_t rest = n - i < lanes ? n - i : lanes;
    for (uint64_t j = 0; j < rest; j++) weights[i + j] = static_cast<uint64_t>(static_cast<int64_t>(scaled[j]));
  }
}

static bool kept(const cutoff& cut, uint32_t key, uint64_t index) { return key > cut.key || (key == cut.key && index <= cut.last); }

// The shortest run of what `cut` keeps, from the largest key down (ties: from the lowest index up), whose measures sum to at
// least target, which is above 0 and at most the sum of all.
template <typename Measure>
static cutoff select_run(const float* logits, uint64_t n, cutoff cut, uint64_t target, const sample_scratch& scratch, Measure measure) {
  constexpr uint32_t shifts[3] = {21, 10, 0}, bins[3] = {2048, 2048, 1024};
  uint32_t prefix = 0; // of the key that is being looked for
  uint64_t count = 0;  // candidates
  for (int level = 0; level < 3; level++) {
    const uint32_t shift = shifts[level], mask = bins[level] - 1;
    memset(scratch.histogram, 0, bins[level] * sizeof(uint64_t));
    if (level == 0) {
      for (uint64_t i = 0; i < n; i++) {
        const uint32_t key = ordered_key(logits[i]);
        if (kept(cut, key, i)) scratch.histogram[key >> shift] += measure(i);
      }
    } else {
      for (uint64_t c = 0; c < count; c++) {
        const uint32_t i = scratch.candidates[c];
        scratch.histogram[ordered_key(logits[i]) >> shift & mask] += measure(i);
      }
    }
    uint32_t bin = mask;
    while (bin > 0 && scratch.histogram[bin] < target) target -= scratch.histogram[bin--];
    prefix |= bin << shift;
    if (level == 0) {
      for (uint64_t i = 0; i < n; i++) {
        const uint32_t key = ordered_key(logits[i]);
        scratch.candidates[count] = static_cast<uint32_t>(i);
        count += key >> shift == bin && kept(cut, key, i);
      }
    } else {
      uint64_t left = 0;
      for (uint64_t c = 0; c < count; c++) {
        const uint32_t i = scratch.candidates[c];
        if ((ordered_key(logits[i]) >> shift & mask) == bin) scratch.candidates[left++] = i;
      }
      count = left;
    }
  }
  for (uint64_t c = 0; c < count; c++) {
    const uint64_t weight = measure(scratch.candidates[c]);
    if (weight >= target) return {prefix, scratch.candidates[c]};
    target -= weight;
  }
  return cut; // not reached: the target is at most the sum
}

static uint32_t draw(const float* logits, uint64_t n, float largest, const sample_settings& s, uint32_t random,
                     const sample_scratch& scratch) {
  const uint64_t* weights = scratch.weights;
  weigh(logits, n, largest, s.temperature, scratch.weights);
  cutoff cut = {0, static_cast<uint32_t>(n - 1)};
  const auto sum_from = [&](uint64_t least) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) sum += weights[i] >= least && kept(cut, ordered_key(logits[i]), i) ? weights[i] : 0;
    return sum;
  };
  if (s.topK > 0 && s.topK < n) cut = select_run(logits, n, cut, s.topK, scratch, [](uint64_t) { return uint64_t{1}; });
  if (s.topP < 1) {
    const uint64_t target = fraction_of(static_cast<uint64_t>(s.topP * 0x1p32f), sum_from(0));
    cut = select_run(logits, n, cut, target > 0 ? target : 1, scratch, [&](uint64_t i) { return weights[i]; });
  }
  const uint64_t least = static_cast<uint64_t>(s.minP * 0x1p40f);
  const uint64_t point = fraction_of(random, sum_from(least));
  uint64_t reached = 0;
  for (uint64_t i = 0; i < n; i++) {
    if (weights[i] < least || !kept(cut, ordered_key(logits[i]), i)) continue;
    reached += weights[i];
    if (reached > point) return static_cast<uint32_t>(i);
  }
  return 0; // not reached: the point is below the sum, which has the largest logit's weight in it
}

}  // namespace ISA_NAMESPACE

KERNEL_SCRATCH(sample_token, sample_scratch_bytes(call.params.n))

KERNEL_WITH_SCRATCH(sample_token) {
  const uint64_t n = call.params.n;
  sample_settings settings;
  if (read_settings(call, &settings)) return 1;
  sample_scratch scratch;
  scratch.weights = static_cast<uint64_t*>(call.raw->scratch);
  scratch.histogram = scratch.weights + n;
  scratch.candidates = reinterpret_cast<uint32_t*>(scratch.histogram + 2048);
  for (uint64_t m = begin; m < end; m++) {
    const float* logits = call.logits + m * n;
    uint32_t best = 0;
    if (find_largest(call.raw, logits, n, m, &best)) return 1;
    if (settings.temperature > 0) {
      const uint32_t random = philox_word(call.positions[m], settings.seedLow, settings.seedHigh);
      best = draw(logits, n, logits[best], settings, random, scratch);
    }
    call.tokens[m] = best;
  }
  return 0;
}
