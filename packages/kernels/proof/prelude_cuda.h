// prelude.h for CUDA, and the little of Metal's standard library that the kernels of this proof use. lower.py puts it in front of
// their text, after it has renamed vector types (float4 -> m_float4), since CUDA has its own of those names.
// The macros come from proof.py: ROWS of activations (1 to 16), and TERMS, how the tile operation gets float32 activations: 1 one half,
// 2 two halves (22 bits), 3 three bfloat16 (24 bits, no overflow).
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long long ulong;

struct half {
  ushort bits;
  half() = default;
  explicit half(float x) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x)); }
  operator float() const {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
  }
};

template <class To, class From>
To as_type(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

template <class T, int alignment>
struct alignas(alignment) vector2 {
  T x, y;
  vector2() = default;
  explicit vector2(T a) : x(a), y(a) {}
  vector2(T a, T b) : x(a), y(b) {}
};
template <class T, int alignment>
struct alignas(alignment) vector4 {
  T x, y, z, w;
  vector4() = default;
  explicit vector4(T a) : x(a), y(a), z(a), w(a) {}
  vector4(T a, T b, T c, T d) : x(a), y(b), z(c), w(d) {}
  template <class U, int other>
  explicit vector4(vector4<U, other> v) : x(v.x), y(v.y), z(v.z), w(v.w) {}
  vector4 operator+(vector4 o) const { return vector4(x + o.x, y + o.y, z + o.z, w + o.w); }
  vector4 operator*(T o) const { return vector4(x * o, y * o, z * o, w * o); }
};
using m_float2 = vector2<float, 8>;
using m_float4 = vector4<float, 16>;
using m_half2 = vector2<half, 4>;
using m_half4 = vector4<half, 8>;
using m_uchar4 = vector4<uchar, 4>;
using m_uint4 = vector4<uint, 16>;
struct m_uint3 { uint x, y, z; };

uint min(uint a, uint b) { return a < b ? a : b; }
ulong min(ulong a, ulong b) { return a < b ? a : b; }
uint ctz(uint x) { return __ffs(x) - 1; }
float fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
m_float4 fma(m_float4 a, m_float4 b, m_float4 c) {
  return m_float4(fma(a.x, b.x, c.x), fma(a.y, b.y, c.y), fma(a.z, b.z, c.z), fma(a.w, b.w, c.w));
}
m_float4 simd_shuffle_xor(m_float4 v, ushort mask) {
  return m_float4(__shfl_xor_sync(~0u, v.x, mask), __shfl_xor_sync(~0u, v.y, mask), __shfl_xor_sync(~0u, v.z, mask),
                  __shfl_xor_sync(~0u, v.w, mask));
}
float exp(float x) { return expf(x); }

namespace fp4 {

m_uint4 load_words(const m_uint4* at) {
  m_uint4 v;
  asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(at));
  return v;
}
void simd_sync() { __syncwarp(); }
void threadgroup_sync() { __syncthreads(); }

uint tile_g(uint lane) { return lane / 4; }
uint tile_t(uint lane) { return lane % 4; }

// A panel: [TERMS, ROWS, 4 words] of 8 16-bit values in the order of decode(). Each term of each row is a column of an operation, so
// that a row's bits do not depend on how many rows there are.
constexpr uint tile_columns = TERMS * ROWS;
constexpr uint tile_operations = (tile_columns + 7) / 8;
using tile_element = m_uint4;
constexpr uint tile_panel = 4 * tile_columns;

struct tile_activations { uint k0, k8; };

#if TERMS == 3
// Codes as bfloat16, / 2^126; activations * 2^64, so that no product is subnormal.
constexpr float tile_unit = 0x1p62f, activation_unit = 0x1p64f;
void tile_decode(uint word, uint (&pairs)[4]) {
  pairs[0] = ((word << 6) & 0x01c001c0u) | ((word << 12) & 0x80008000u);
  pairs[1] = ((word << 2) & 0x01c001c0u) | ((word << 8) & 0x80008000u);
  pairs[2] = ((word >> 2) & 0x01c001c0u) | ((word << 4) & 0x80008000u);
  pairs[3] = ((word >> 6) & 0x01c001c0u) | (word & 0x80008000u);
}
// (low, high) rounded to bfloat16, which are taken off.
uint take(float& low, float& high) {
  uint pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  low -= as_type<float>(pair << 16);
  high -= as_type<float>(pair & 0xffff0000u);
  return pair;
}
#else
constexpr float tile_unit = 16384.0f, activation_unit = 1.0f;
void tile_decode(uint word, uint (&pairs)[4]) {
  const uint even = ((word & 0x0f0f0f0fu) << 1) + 0x70707070u, odd = ((word >> 3) & 0x1e1e1e1eu) + 0x70707070u;
  pairs[0] = (even << 8) & 0x8e008e00u;
  pairs[1] = (odd << 8) & 0x8e008e00u;
  pairs[2] = even & 0x8e008e00u;
  pairs[3] = odd & 0x8e008e00u;
}
uint take(float& low, float& high) {
  uint pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  const m_half2 halves = as_type<m_half2>(pair);
  low -= float(halves.x);
  high -= float(halves.y);
  return pair;
}
#endif

void tile_store(tile_element* panel, uint word, uint row, m_float4 low, m_float4 high) {
  low = low * activation_unit;
  high = high * activation_unit;
  for (uint term = 0; term < TERMS; term++) {
    m_uint4 pairs;
    pairs.x = take(low.x, high.x);
    pairs.y = take(low.y, high.y);
    pairs.z = take(low.z, high.z);
    pairs.w = take(low.w, high.w);
    panel[(term * ROWS + row) * 4 + word] = pairs;
  }
}

// The two slices of k of columns 8 i .. 8 i + 7.
void tile_load(const tile_element* panel, uint i, uint lane, tile_activations (&slices)[2]) {
  m_uint4 pairs(0);
  if (8 * i + tile_g(lane) < tile_columns) pairs = panel[32 * i + lane];
  slices[0] = {pairs.x, pairs.y};
  slices[1] = {pairs.z, pairs.w};
}

m_float4 tile_multiply(uint w0, uint w1, uint w2, uint w3, tile_activations x, m_float4 sums) {
#if TERMS == 3
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#else
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#endif
      : "+f"(sums.x), "+f"(sums.y), "+f"(sums.z), "+f"(sums.w)
      : "r"(w0), "r"(w1), "r"(w2), "r"(w3), "r"(x.k0), "r"(x.k8));
  return sums;
}

}  // namespace fp4
