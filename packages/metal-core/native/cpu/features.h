// What the processor is called and which instruction sets it, and the operating system, support.
#ifndef METAL_CORE_CPU_FEATURES_H
#define METAL_CORE_CPU_FEATURES_H

#include <cstdint>
#include <string>
#include <vector>

namespace metal_core {

// Bits of cpu_kernel.h (CPU_KERNEL_ISA_...).
uint32_t supportedIsa();

// "avx512vnni", "avx512", "avx2", "neondot", "neon": those of the bits, best first.
std::vector<std::string> isaNames(uint32_t isa);

// The bits without those better than `name` ("plain": none). Throws Error (kArgument) for an unknown name.
uint32_t capIsa(uint32_t isa, const std::string& name);

std::string processorName();

}  // namespace metal_core
#endif
