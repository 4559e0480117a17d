// combine_partials: out[m, n] = the sum over s, upwards, of partials[s, part, m, n], then the epilogue. Grid [tiles of 64 columns, m].
#include "kernel.h"

#include "epilogue.h"

namespace ISA_NAMESPACE {

// 16 columns of one part, from `partials` of the first split on.
SIMD f32x16 sum_splits(const float* partials, uint64_t stride, uint32_t splits) {
  f32x16 sum = load(partials);
  for (uint32_t s = 1; s < splits; s++) sum = add(sum, load(partials + s * stride));
  return sum;
}

}  // namespace ISA_NAMESPACE

KERNEL(combine_partials) {
  const combine_partials_params& p = call.params;
  const Epilogue epilogue = call.constants.epilogue;
  const uint64_t tiles = call.raw->grid[0];
  const uint64_t part = p.m * tiles * 64, stride = epilogue == Epilogue::swiglu ? 2 * part : part;
  for (uint64_t i = begin; i < end; i++) {
    const uint64_t row = i / tiles, tile = i % tiles;
    for (uint64_t column = 64 * tile; column < p.n && column < 64 * (tile + 1); column += lanes) {
      const float* partials = call.partials + row * tiles * 64 + column;
      float up[lanes] = {};
      if (epilogue == Epilogue::swiglu) store(up, sum_splits(partials + part, stride, p.splits));
      const uint32_t count = p.n - column < lanes ? static_cast<uint32_t>(p.n - column) : lanes;
      const float* residual = epilogue == Epilogue::add ? call.residual + row * p.n : nullptr;
      finish_lanes(epilogue, sum_splits(partials, stride, p.splits), up, residual, call.out + row * p.n, column, count);
    }
  }
  return 0;
}
