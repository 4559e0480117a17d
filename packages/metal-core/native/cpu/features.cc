#include "features.h"

#include <fstream>

#include "../../include/cpu_kernel.h"
#include "../error.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace metal_core {
namespace {

#if defined(__x86_64__) || defined(__i386__)

// Which register states the operating system saves: bits 1, 2 SSE and AVX, bits 5-7 AVX-512 (Intel SDM vol. 1, 13.3).
uint64_t savedStates() {
  uint32_t low = 0, high = 0;
  __asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

bool all(uint32_t value, uint32_t bits) { return (value & bits) == bits; }

#elif defined(__aarch64__)

bool hasDotProducts() {
#if defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) == 0 && has != 0;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return false;
#endif
}

#endif

}  // namespace

uint32_t supportedIsa() {
#if defined(__x86_64__) || defined(__i386__)
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  constexpr uint32_t kFma = 1u << 12, kOsxsave = 1u << 27, kAvx = 1u << 28, kF16c = 1u << 29;
  if (!all(c, kFma | kOsxsave | kAvx | kF16c)) return 0;
  const uint64_t saved = savedStates();
  if ((saved & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  constexpr uint32_t kAvx2 = 1u << 5, kF = 1u << 16, kDq = 1u << 17, kCd = 1u << 28, kBw = 1u << 30, kVl = 1u << 31;
  if (!all(b, kAvx2)) return 0;
  const bool avx512 = (saved & 0xe6) == 0xe6 && all(b, kF | kDq | kCd | kBw | kVl);
  constexpr uint32_t kVbmi = 1u << 1, kVnni = 1u << 11;
  const bool vnni = avx512 && all(c, kVbmi | kVnni);
  return CPU_KERNEL_ISA_AVX2 | (avx512 ? CPU_KERNEL_ISA_AVX512 : 0) | (vnni ? CPU_KERNEL_ISA_AVX512_VNNI : 0);
#elif defined(__aarch64__)
  return CPU_KERNEL_ISA_NEON | (hasDotProducts() ? CPU_KERNEL_ISA_NEON_DOT : 0);
#else
  return 0;
#endif
}

std::vector<std::string> isaNames(uint32_t isa) {
  std::vector<std::string> names;
  if (isa & CPU_KERNEL_ISA_AVX512_VNNI) names.emplace_back("avx512vnni");
  if (isa & CPU_KERNEL_ISA_AVX512) names.emplace_back("avx512");
  if (isa & CPU_KERNEL_ISA_AVX2) names.emplace_back("avx2");
  if (isa & CPU_KERNEL_ISA_NEON_DOT) names.emplace_back("neondot");
  if (isa & CPU_KERNEL_ISA_NEON) names.emplace_back("neon");
  return names;
}

uint32_t capIsa(uint32_t isa, const std::string& name) {
  if (name.empty()) return isa;
  if (name == "plain") return 0;
  if (name == "avx2") return isa & CPU_KERNEL_ISA_AVX2;
  if (name == "avx512") return isa & (CPU_KERNEL_ISA_AVX512 | CPU_KERNEL_ISA_AVX2);
  if (name == "avx512vnni") return isa & (CPU_KERNEL_ISA_AVX512_VNNI | CPU_KERNEL_ISA_AVX512 | CPU_KERNEL_ISA_AVX2);
  if (name == "neondot") return isa & (CPU_KERNEL_ISA_NEON_DOT | CPU_KERNEL_ISA_NEON);
  if (name == "neon") return isa & CPU_KERNEL_ISA_NEON;
  throw Error(ErrorCode::kArgument,
              "[device.loadLibrary] expected isa 'avx512vnni', 'avx512', 'avx2', 'neondot', 'neon' or 'plain', got '" + name +
                  "'; leave it out");
}

std::string processorName() {
#if defined(__APPLE__)
  char name[256] = {};
  size_t size = sizeof name - 1;
  if (sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0 && name[0]) return name;
#else
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 10, "model name") != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
#endif
#if defined(__aarch64__)
  return "AArch64 processor";  // Linux does not name them
#else
  return "processor";
#endif
}

}  // namespace metal_core
