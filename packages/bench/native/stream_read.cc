// stream_read: reads a buffer once and gives the sum of its words for each piece, as fast as memory delivers it.
//
// What it reaches is the roof that benchmarks are held against: no kernel that has to read its weights from memory can be
// faster. Each threadgroup sums one piece of `pieceWords` words; sums[i] is the sum of piece i modulo 2^32, so that nothing
// can be optimised away and a test can check that everything was read.
//
//   data [words] uint32, 64-byte aligned    sums [pieces] uint32    params { uint32 pieces, uint32 pieceWords }
//   grid [pieces, 1, 1]
//
// stream_copy: the same for a copy, from [words] to [words], by the C library's memcpy, which knows the processor best.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cpu_kernel.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#define STREAM_READ_X86 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#define STREAM_READ_NEON 1
#endif

namespace {

struct Params {
  uint32_t pieces;
  uint32_t pieceWords;  // a multiple of kStepWords
};

// Eight accumulators of up to 16 words, so that the latency of an addition is not the limit. The hardware prefetchers see one
// ascending stream; software prefetches from 1 to 16 KiB ahead and four streams in place of one gained nothing on Zen 5.
constexpr size_t kAccumulators = 8;
constexpr size_t kStepWords = 16 * kAccumulators;

uint32_t sum_plain(const uint32_t* data, size_t words) {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  for (size_t i = 0; i < words; i += 4) {
    a += data[i];
    b += data[i + 1];
    c += data[i + 2];
    d += data[i + 3];
  }
  return a + b + c + d;
}

#if STREAM_READ_X86
__attribute__((target("avx2"))) uint32_t sum_avx2(const uint32_t* data, size_t words) {
  __m256i sums[kAccumulators] = {};
  for (size_t i = 0; i < words; i += 8 * kAccumulators) {
    for (size_t j = 0; j < kAccumulators; j++) {
      sums[j] = _mm256_add_epi32(sums[j], _mm256_load_si256(reinterpret_cast<const __m256i*>(data + i + 8 * j)));
    }
  }
  __m256i all = sums[0];
  for (size_t j = 1; j < kAccumulators; j++) all = _mm256_add_epi32(all, sums[j]);
  alignas(32) uint32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), all);
  return sum_plain(lanes, 8);
}

__attribute__((target("avx512f"))) uint32_t sum_avx512(const uint32_t* data, size_t words) {
  __m512i sums[kAccumulators] = {};
  for (size_t i = 0; i < words; i += 16 * kAccumulators) {
    for (size_t j = 0; j < kAccumulators; j++) sums[j] = _mm512_add_epi32(sums[j], _mm512_load_si512(data + i + 16 * j));
  }
  __m512i all = sums[0];
  for (size_t j = 1; j < kAccumulators; j++) all = _mm512_add_epi32(all, sums[j]);
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(all));
}
#endif

#if STREAM_READ_NEON
uint32_t sum_neon(const uint32_t* data, size_t words) {
  uint32x4_t sums[kAccumulators] = {};
  for (size_t i = 0; i < words; i += 4 * kAccumulators) {
    for (size_t j = 0; j < kAccumulators; j++) sums[j] = vaddq_u32(sums[j], vld1q_u32(data + i + 4 * j));
  }
  uint32x4_t all = sums[0];
  for (size_t j = 1; j < kAccumulators; j++) all = vaddq_u32(all, sums[j]);
  return vaddvq_u32(all);
}
#endif

int check(const cpu_kernel_call* call) {
  const Params& params = *static_cast<const Params*>(call->bindings[2].data);
  const uint64_t words = uint64_t{params.pieces} * params.pieceWords;
  const char* wrong = nullptr;
  if (params.pieces == 0 || params.pieceWords == 0 || params.pieceWords % kStepWords != 0) {
    wrong = "pieces of at least 1 and pieceWords a positive multiple of 128";
  } else if (call->grid[0] != params.pieces || call->grid[1] != 1 || call->grid[2] != 1) {
    wrong = "a grid of [pieces, 1, 1]";
  } else if (call->bindings[0].size / 4 < words) {
    wrong = "data of at least pieces * pieceWords words";
  } else if (call->bindings[1].size / 4 < params.pieces) {
    wrong = "sums of at least pieces words";
  }
  if (wrong == nullptr) return 0;
  snprintf(call->message, call->message_size, "expected %s, got pieces %u, pieceWords %u, data %llu bytes, sums %llu bytes",
           wrong, params.pieces, params.pieceWords, static_cast<unsigned long long>(call->bindings[0].size),
           static_cast<unsigned long long>(call->bindings[1].size));
  return 1;
}

template <uint32_t (*Sum)(const uint32_t*, size_t)>
int run(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const Params& params = *static_cast<const Params*>(call->bindings[2].data);
  const uint32_t* data = static_cast<const uint32_t*>(call->bindings[0].data);
  uint32_t* sums = static_cast<uint32_t*>(call->bindings[1].data);
  for (uint64_t i = begin; i < end; i++) sums[i] = Sum(data + i * params.pieceWords, params.pieceWords);
  return 0;
}

constexpr cpu_kernel_argument kArguments[] = {
    {"data", CPU_KERNEL_READ, 64, 0, 0, 0},
    {"sums", CPU_KERNEL_WRITE, 4, 0, 0, 0},
    {"params", CPU_KERNEL_VALUE, 4, sizeof(Params), 0, 0},
};

int check_copy(const cpu_kernel_call* call) {
  const Params& params = *static_cast<const Params*>(call->bindings[2].data);
  const uint64_t bytes = uint64_t{params.pieces} * params.pieceWords * 4;
  const char* wrong = nullptr;
  if (params.pieces == 0 || params.pieceWords == 0) {
    wrong = "pieces and pieceWords of at least 1";
  } else if (call->grid[0] != params.pieces || call->grid[1] != 1 || call->grid[2] != 1) {
    wrong = "a grid of [pieces, 1, 1]";
  } else if (call->bindings[0].size < bytes || call->bindings[1].size < bytes) {
    wrong = "from and to of at least pieces * pieceWords words";
  }
  if (wrong == nullptr) return 0;
  snprintf(call->message, call->message_size, "expected %s, got pieces %u, pieceWords %u, from %llu bytes, to %llu bytes", wrong,
           params.pieces, params.pieceWords, static_cast<unsigned long long>(call->bindings[0].size),
           static_cast<unsigned long long>(call->bindings[1].size));
  return 1;
}

int run_copy(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const Params& params = *static_cast<const Params*>(call->bindings[2].data);
  const char* from = static_cast<const char*>(call->bindings[0].data);
  char* to = static_cast<char*>(call->bindings[1].data);
  const size_t piece = size_t{params.pieceWords} * 4;
  for (uint64_t i = begin; i < end; i++) memcpy(to + i * piece, from + i * piece, piece);
  return 0;
}

constexpr cpu_kernel_argument kCopyArguments[] = {
    {"from", CPU_KERNEL_READ, 64, 0, 0, 0},
    {"to", CPU_KERNEL_WRITE, 64, 0, 0, 0},
    {"params", CPU_KERNEL_VALUE, 4, sizeof(Params), 0, 0},
};

template <uint32_t (*Sum)(const uint32_t*, size_t)>
constexpr cpu_kernel kKernels[] = {
    {"stream_read", kArguments, 3, nullptr, 0, check, nullptr, run<Sum>},
    {"stream_copy", kCopyArguments, 3, nullptr, 0, check_copy, nullptr, run_copy},
};

constexpr cpu_kernel_library kPlain = {CPU_KERNEL_ABI, "plain", 2, kKernels<sum_plain>};
#if STREAM_READ_X86
constexpr cpu_kernel_library kAvx2 = {CPU_KERNEL_ABI, "avx2", 2, kKernels<sum_avx2>};
constexpr cpu_kernel_library kAvx512 = {CPU_KERNEL_ABI, "avx512", 2, kKernels<sum_avx512>};
#endif
#if STREAM_READ_NEON
constexpr cpu_kernel_library kNeon = {CPU_KERNEL_ABI, "neon", 2, kKernels<sum_neon>};
#endif

}  // namespace

extern "C" CPU_KERNEL_EXPORT const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa) {
#if STREAM_READ_X86
  if (isa & CPU_KERNEL_ISA_AVX512) return &kAvx512;
  if (isa & CPU_KERNEL_ISA_AVX2) return &kAvx2;
#endif
#if STREAM_READ_NEON
  if (isa & CPU_KERNEL_ISA_NEON) return &kNeon;
#endif
  (void)isa;
  return &kPlain;
}
