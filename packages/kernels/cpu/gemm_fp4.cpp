// gemm_fp4: gemv_fp4 for any number of rows, with the same bits (columns64/1, columns64/int8/1). A work item is a tile of 64 columns. `rows8` decodes
// the tile for every 8 rows; `panel` decodes 128 values of K of it into scratch and uses them for up to 128 rows, whose sums
// wait in scratch meanwhile. In precision int8, and with AVX2, decoding costs so little beside the products that both are `rows8`.
#include "kernel.h"

#include "fp4_matmul.h"

namespace ISA_NAMESPACE {

constexpr uint32_t panel_words = 16;
constexpr uint32_t panel_floats = panel_words * 8 * tile_columns;
constexpr uint32_t panel_rows = 128;
constexpr uint32_t row_floats = 3 * tile_columns; // total, even and odd sums of a row

template <int i>
SIMD void decode_code(u32x16 words, float* values) {
  store(values + tile_columns * i, fp4_values<i>(words));
}

static void decode_panel(const Tile& tile, uint32_t begin, uint32_t end, float* panel) {
  for (uint32_t w = begin; w < end; w++) {
    for (uint32_t c = 0; c < tile_columns; c += lanes) {
      const u32x16 words = load_u32(tile.codes + uint64_t{tile_columns} * w + c);
      float* values = panel + uint64_t{8 * tile_columns} * (w - begin) + c;
      decode_code<0>(words, values);
      decode_code<1>(words, values);
      decode_code<2>(words, values);
      decode_code<3>(words, values);
      decode_code<4>(words, values);
      decode_code<5>(words, values);
      decode_code<6>(words, values);
      decode_code<7>(words, values);
    }
  }
}

// Words begin <= w < end for R rows; their sums continue where the panel before left them.
template <Format format, int R>
static void accumulate_panel(const Tile& tile, const float* panel, uint32_t begin, uint32_t end, const float* activations,
                             float* state) {
  constexpr int V = 2;
  const float* x[R];
  for (int r = 0; r < R; r++) x[r] = activations + uint64_t{tile.k} * r;
  for (uint32_t column = 0; column < tile_columns; column += V * lanes) {
    Sums<R, V> sums;
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) {
        const float* at = state + row_floats * r + column + lanes * v;
        sums.total[v][r] = load(at);
        sums.even[v][r] = load(at + tile_columns);
        sums.odd[v][r] = load(at + 2 * tile_columns);
      }
    }
    const Panel<V> source = {panel + column, begin, nullptr};
    accumulate<format, R, V>(sums, source, tile, tile.scales + column * scale_bytes(format), x, begin, end);
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) {
        float* at = state + row_floats * r + column + lanes * v;
        store(at, sums.total[v][r]);
        store(at + tile_columns, sums.even[v][r]);
        store(at + 2 * tile_columns, sums.odd[v][r]);
      }
    }
  }
}

template <Format format>
static void accumulate_rows(const Tile& tile, const float* panel, uint32_t begin, uint32_t end, const float* activations,
                            uint32_t count, float* state) {
  for (uint32_t r = 0; r < count;) {
    const float* x = activations + uint64_t{tile.k} * r;
    float* sums = state + uint64_t{row_floats} * r;
    switch (count - r) {
      case 1: accumulate_panel<format, 1>(tile, panel, begin, end, x, sums); r += 1; break;
      case 2: accumulate_panel<format, 2>(tile, panel, begin, end, x, sums); r += 2; break;
      case 3: accumulate_panel<format, 3>(tile, panel, begin, end, x, sums); r += 3; break;
      default: accumulate_panel<format, 4>(tile, panel, begin, end, x, sums); r += 4; break;
    }
  }
}

// state[r][0..63] = a tile times row r, for r < count <= panel_rows.
static void multiply_panels(const Fp4Matrices& matrices, uint64_t matrix, uint64_t index, const float* activations, uint32_t count,
                            float* panel, float* state) {
  const Tile tile = find_tile(matrices, matrix, index);
  memset(state, 0, sizeof(float) * row_floats * count);
  const uint32_t words = words_of(tile.k);
  for (uint32_t begin = 0; begin < words;) {
    const uint32_t end = words - begin < panel_words ? words : begin + panel_words;
    decode_panel(tile, begin, end, panel);
    switch (matrices.format) {
      case Format::fp4: accumulate_rows<Format::fp4>(tile, panel, begin, end, activations, count, state); break;
      case Format::mxfp4: accumulate_rows<Format::mxfp4>(tile, panel, begin, end, activations, count, state); break;
      case Format::nvfp4: accumulate_rows<Format::nvfp4>(tile, panel, begin, end, activations, count, state); break;
    }
    begin = end;
  }
  if (!tile.column_scales) return;
  for (uint32_t r = 0; r < count; r++) {
    float* total = state + uint64_t{row_floats} * r;
    for (uint32_t c = 0; c < tile_columns; c += lanes) store(total + c, mul(load(total + c), load(tile.column_scales + c)));
  }
}

static bool in_panels(const gemm_fp4_call& call) {
#if defined(ISA_AVX2)
  return false; // panels took 1.01 to 1.2 times as long (Zen 5, one thread, 16 to 512 rows)
#endif
  return call.constants.tile == gemm_fp4_tile::panel && call.constants.precision == Precision::float32;
}

static void multiply_by_panels(const gemm_fp4_call& call, const Fp4Matrices& matrices, uint64_t index) {
  float* panel = static_cast<float*>(call.raw->scratch);
  float* state = panel + panel_floats;
  float* up = state + panel_rows * row_floats;
  const Epilogue epilogue = call.constants.epilogue;
  const uint64_t n = call.params.n, k = call.params.k, m = call.params.m;
  for (uint64_t first = 0; first < m; first += panel_rows) {
    const uint32_t count = m - first < panel_rows ? static_cast<uint32_t>(m - first) : panel_rows;
    const float* x = static_cast<const float*>(call.activations) + first * k;
    multiply_panels(matrices, 0, index, x, count, panel, state);
    if (epilogue == Epilogue::swiglu) multiply_panels(matrices, 1, index, x, count, panel, up);
    for (uint64_t r = 0; r < count; r++) {
      const float* residual = epilogue == Epilogue::add ? call.residual + (first + r) * n : nullptr;
      finish_row(epilogue, state + row_floats * r, up + row_floats * r, residual, call.out + (first + r) * n, index, call.params.n);
    }
  }
}

}  // namespace ISA_NAMESPACE

// Twice the sums for swiglu, whose gate waits for up.
KERNEL_SCRATCH(gemm_fp4, !in_panels(call) ? 0 : sizeof(float) * (panel_floats + 2 * panel_rows * row_floats))

KERNEL_WITH_SCRATCH(gemm_fp4) {
  const gemm_fp4_params& p = call.params;
  const Fp4Matrices matrices = {call.constants.precision, call.constants.format, call.codes, call.scales, call.columnScales, p.n, p.k, p.groupSize};
  for (uint64_t tile = begin; tile < end; tile++) {
    if (in_panels(call)) {
      multiply_by_panels(call, matrices, tile);
    } else {
      multiply_matrix(matrices, call.constants.epilogue, call.activations, call.residual, call.out, p.m, tile);
    }
  }
  return 0;
}
