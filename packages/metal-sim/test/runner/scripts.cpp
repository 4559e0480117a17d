// A kernel that does what a script says, to compare what the runner finds with what a plain reading of the rules finds.
//
// buffer(0), words: phases, then for each phase what ends it (0 nothing, 1 threadgroup_barrier, 2 simdgroup_barrier; flags << 8) and for each
// thread of the grid one step: 0 nothing, 1 load, 2 store, 3 atomic; memory << 2 (0 device, 1 threadgroup); bytes << 4; offset << 16.
#include "fixture.h"

typedef float float4 __attribute__((ext_vector_type(4)));

static void step(uint32_t word, uint8_t* memory) {
  uint8_t* p = memory + (word >> 16);
  const uint32_t bytes = word >> 4 & 31;
  volatile uint8_t sink8;
  volatile uint16_t sink16;
  volatile uint32_t sink32;
  switch ((word & 3) << 8 | bytes) {
    case 0x101: sink8 = *p; break;
    case 0x102: sink16 = *reinterpret_cast<uint16_t*>(p); break;
    case 0x104: sink32 = *reinterpret_cast<uint32_t*>(p); break;
    case 0x110: sink32 = static_cast<uint32_t>((*reinterpret_cast<volatile float4*>(p)).x); break;
    case 0x201: *p = 1; break;
    case 0x202: *reinterpret_cast<uint16_t*>(p) = 1; break;
    case 0x204: *reinterpret_cast<uint32_t*>(p) = 1; break;
    case 0x210: *reinterpret_cast<float4*>(p) = float4{1, 1, 1, 1}; break;
    case 0x304: atomic_add(reinterpret_cast<uint32_t*>(p), 1); break;
  }
}

static void script(void* const* a) {
  THREADGROUP(uint8_t, shared, 64);
  if (thread_index() == 0) {
    for (int i = 0; i < 64; ++i) shared[i] = 0;
  }
  threadgroup_barrier(mem_threadgroup);
  const uint32_t* words = at<uint32_t>(a, 0);
  const uint32_t phases = *words++, threads = sim_current()->threads[0];
  for (uint32_t phase = 0; phase < phases; ++phase, words += 1 + threads) {
    const uint32_t word = words[1 + position()];
    step(word, (word >> 2 & 1) != 0 ? shared : at<uint8_t>(a, 1));
    if ((words[0] & 255) == 1) threadgroup_barrier(words[0] >> 8);
    if ((words[0] & 255) == 2) simdgroup_barrier(words[0] >> 8);
  }
}

static const sim_parameter parameters[] = {CONST_DEVICE(0, 4), DEVICE(1, 4)};
static const sim_kernel kernels[] = {{"script", parameters, 2, 0, script}};
static const sim_library library = {SIM_ABI_VERSION, kernels, 1, nullptr, 0, nullptr};

extern "C" const sim_library* sim_library_table() { return &library; }
