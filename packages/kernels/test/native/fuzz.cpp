// Fuzzes every kernel of the library: small legal problems, buffers of exactly the size that the kernel's own check asks for, and any
// bytes in them. Built with -fsanitize=address,undefined, a read or write outside the bindings ends the process.
// Every instruction set of the processor has to give the same bits, and so has the grid however it is cut; no two parts of it may write
// the same byte. Linked with the sources of the library.
// Usage: fuzz [problems of each kernel] [seed]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "chosen.h"
#include "cpu_kernel.h"

extern "C" const cpu_kernel_library* cpu_kernel_library_open(uint32_t isa);

namespace {

uint64_t state = 1;
uint32_t random_word() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(state >> 32) ^ static_cast<uint32_t>(state >> 15);
}
uint32_t below(uint32_t n) { return random_word() % n; }
template <typename T, size_t n>
T choose(const T (&values)[n]) {
  return values[below(n)];
}

// What a scalar of a problem, an index, a half or a float might be.
uint32_t any_scalar() {
  static const uint32_t small[] = {0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 16, 17, 31, 32, 32, 33, 64, 65, 100, 128, 129};
  return choose(small);
}
void fill(std::vector<uint32_t>& words, uint64_t bytes) {
  static const uint32_t odd[] = {0xffffffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x80000000, 0x7f7fffff, 1, 0x00800000};
  const uint32_t kind = below(4);
  for (uint64_t i = 0; i < (bytes + 3) / 4; i++) {
    const uint32_t random = random_word();
    const float x = static_cast<float>(static_cast<int32_t>(random)) / 1e9f;
    uint32_t real;
    memcpy(&real, &x, 4);
    const bool strange = below(200) == 0;
    words[i] = strange ? choose(odd) : kind == 0 ? random : kind == 1 ? below(6) : kind == 2 ? real : 0;
  }
}

struct Run {
  const cpu_kernel* kernel;
  std::vector<cpu_kernel_binding> bindings;
  std::vector<uint32_t> constants;
  cpu_kernel_call call = {};
  char message[512] = {};

  bool checked() {
    message[0] = 0;
    return kernel->check(&call) == 0;
  }
};

// Chooses a problem; false when it is not legal.
bool prepare(Run& run, std::vector<std::vector<uint32_t>>& values) {
  const cpu_kernel& kernel = *run.kernel;
  alignas(64) static uint64_t anywhere[8];
  for (uint32_t i = 0; i < kernel.constant_count; i++) run.constants.push_back(below(kernel.constants[i].max_value + 1));
  for (uint32_t i = 0; i < kernel.argument_count; i++) {
    const cpu_kernel_argument& argument = kernel.arguments[i];
    if (argument.access != CPU_KERNEL_VALUE) {
      run.bindings.push_back({anywhere, uint64_t{1} << 40});
      continue;
    }
    values.emplace_back(argument.value_size / 4);
    for (uint32_t& word : values.back()) word = any_scalar();
    run.bindings.push_back({values.back().data(), argument.value_size});
  }
  run.call.bindings = run.bindings.data();
  run.call.constants = run.constants.data();
  for (int i = 0; i < 3; i++) run.call.grid[i] = run.call.threadgroup[i] = 1;
  run.call.message = run.message;
  run.call.message_size = sizeof(run.message);
  // The check names what it expects: which optional arguments to leave unbound, and the grid.
  for (int attempt = 0; attempt < 16; attempt++) {
    if (run.checked()) return true;
    const char* grid = strstr(run.message, "expected grid [");
    if (grid && sscanf(grid, "expected grid [%u, %u, %u]", &run.call.grid[0], &run.call.grid[1], &run.call.grid[2]) == 3) continue;
    const char* unbound = strstr(run.message, " to be unbound");
    if (!unbound) return false;
    for (uint32_t i = 0; i < kernel.argument_count; i++) {
      const std::string expected = std::string("expected ") + kernel.arguments[i].name + " to be unbound";
      if (strstr(run.message, expected.c_str())) run.bindings[i] = {nullptr, 0};
    }
  }
  return false;
}

// The smallest size that the check accepts for an argument.
uint64_t exact_size(Run& run, uint32_t index) {
  uint64_t low = 0, high = run.bindings[index].size;
  while (low < high) {
    run.bindings[index].size = low + (high - low) / 2;
    if (run.checked()) {
      high = run.bindings[index].size;
    } else {
      low = run.bindings[index].size + 1;
    }
  }
  return run.bindings[index].size = low;
}

// How the grid of a dispatch is run: in parts of any size, at once, or in parts that do not see what others wrote.
enum class Cut { parts, whole, apart };

struct Outcome {
  bool legal = false, refused = false;
  uint64_t written_twice = 0;              // bytes of outputs, by two parts of the grid; seen with Cut::apart
  std::vector<std::vector<uint8_t>> memory;  // of each buffer, afterwards
};

// Runs the threadgroups [begin, end) with outputs that hold nothing, and notes which bytes of them are written.
struct Writes {
  static constexpr uint8_t nothing = 0xa5;
  std::vector<std::vector<bool>> seen;
  uint64_t twice = 0;

  int run(Run& run, uint64_t begin, uint64_t end) {
    const auto is_output = [&](uint32_t i) { return run.kernel->arguments[i].access == CPU_KERNEL_WRITE && run.bindings[i].data; };
    const uint32_t count = run.kernel->argument_count;
    seen.resize(count);
    for (uint32_t i = 0; i < count; i++) {
      if (is_output(i)) memset(run.bindings[i].data, nothing, run.bindings[i].size);
    }
    const int status = run.kernel->run(&run.call, begin, end);
    for (uint32_t i = 0; i < count; i++) {
      if (!is_output(i)) continue;
      const auto* bytes = static_cast<const uint8_t*>(run.bindings[i].data);
      seen[i].resize(run.bindings[i].size);
      for (uint64_t at = 0; at < run.bindings[i].size; at++) {
        if (bytes[at] == nothing) continue;
        twice += seen[i][at];
        seen[i][at] = true;
      }
    }
    return status;
  }
};

// One dispatch of a problem that the state of the generator decides.
Outcome fuzz(const cpu_kernel* kernel, Cut cut) {
  Outcome outcome;
  Run run = {kernel, {}, {}};
  std::vector<std::vector<uint32_t>> values;
  values.reserve(kernel->argument_count);
  if (!prepare(run, values)) return outcome;
  uint64_t total = 0;
  std::vector<uint64_t> sizes(kernel->argument_count);
  const auto is_buffer = [&](uint32_t i) { return kernel->arguments[i].access != CPU_KERNEL_VALUE && run.bindings[i].data; };
  for (uint32_t i = 0; i < kernel->argument_count; i++) {
    if (is_buffer(i)) total += sizes[i] = exact_size(run, i);
  }
  const uint64_t groups = uint64_t{run.call.grid[0]} * run.call.grid[1] * run.call.grid[2];
  if (total > (1 << 22) || groups > 4096) return outcome;
  std::vector<uint32_t> buffers;
  for (uint32_t i = 0; i < kernel->argument_count; i++) {
    if (!is_buffer(i)) continue;
    std::vector<uint32_t> words(sizes[i] / 4 + 1);
    fill(words, sizes[i]);
    void* data = nullptr;
    if (posix_memalign(&data, 64, sizes[i] ? sizes[i] : 1)) abort();  // exact: the first byte beyond is poisoned
    memcpy(data, words.data(), sizes[i]);
    buffers.push_back(i);
    run.bindings[i].data = data;
  }
  run.call.scratch_size = kernel->scratch_bytes ? kernel->scratch_bytes(&run.call) : 0;
  if (run.call.scratch_size < (1 << 26)) {
    void* scratch = nullptr;
    if (run.call.scratch_size && posix_memalign(&scratch, 64, run.call.scratch_size)) abort();
    run.call.scratch = scratch;
    outcome.legal = true;
    Writes writes;
    for (uint64_t begin = 0; begin < groups;) {
      const uint64_t end = cut == Cut::whole ? groups : begin + 1 + below(static_cast<uint32_t>(groups - begin));
      outcome.refused |= (cut == Cut::apart ? writes.run(run, begin, end) : kernel->run(&run.call, begin, end)) != 0;
      begin = end;
    }
    outcome.written_twice = writes.twice;
    free(scratch);
  }
  for (const uint32_t i : buffers) {
    auto* bytes = static_cast<uint8_t*>(run.bindings[i].data);
    outcome.memory.emplace_back(bytes, bytes + sizes[i]);
    free(bytes);
  }
  return outcome;
}

// Equal bits; any NaN equals any other, as processors differ in the sign and payload of those they make.
bool same(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  for (size_t at = 0; at < a.size(); at += 2) {
    if (at + 2 <= a.size() && memcmp(&a[at], &b[at], 2) == 0) continue;
    if (at + 2 > a.size()) return a[at] == b[at];
    uint16_t half[2];
    memcpy(&half[0], &a[at], 2);
    memcpy(&half[1], &b[at], 2);
    if ((half[0] & 0x7fff) > 0x7c00 && (half[1] & 0x7fff) > 0x7c00) continue;
    const size_t word = at & ~size_t{3};
    if (word + 4 > a.size()) return false;
    float x, y;
    memcpy(&x, &a[word], 4);
    memcpy(&y, &b[word], 4);
    if (x == x || y == y) return false;
  }
  return true;
}

bool equal(const Outcome& a, const Outcome& b) {
  if (a.refused || b.refused) return a.refused == b.refused;
  if (a.memory.size() != b.memory.size()) return false;
  for (size_t i = 0; i < a.memory.size(); i++) {
    if (!same(a.memory[i], b.memory[i])) return false;
  }
  return true;
}

// The instruction sets of this processor, each of which the library has code for.
std::vector<uint32_t> supported() {
  std::vector<uint32_t> isas = {0};
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2) isas.push_back(CPU_KERNEL_ISA_AVX2);
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    isas.push_back(CPU_KERNEL_ISA_AVX512 | CPU_KERNEL_ISA_AVX2);
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi")) {
      isas.push_back(CPU_KERNEL_ISA_AVX512_VNNI | CPU_KERNEL_ISA_AVX512 | CPU_KERNEL_ISA_AVX2);
    }
  }
#elif defined(__aarch64__)
  isas.push_back(CPU_KERNEL_ISA_NEON);
#if defined(__APPLE__)
  isas.push_back(CPU_KERNEL_ISA_NEON_DOT | CPU_KERNEL_ISA_NEON); // every Mac with such a processor has them
#elif defined(__linux__)
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) isas.push_back(CPU_KERNEL_ISA_NEON_DOT | CPU_KERNEL_ISA_NEON);
#endif
#endif
  return isas;
}

}  // namespace

int main(int count, char** arguments) {
  const uint64_t problems = count > 1 ? strtoull(arguments[1], nullptr, 10) : 300;
  const uint64_t seed = count > 2 ? strtoull(arguments[2], nullptr, 10) : 1;
  std::vector<const cpu_kernel_library*> libraries;
  std::string names;
  for (const uint32_t isa : supported()) {
    libraries.push_back(cpu_kernel_library_open(isa));
    names += (names.empty() ? "" : ", ") + std::string(libraries.back()->isa);
  }
  state = seed;
  const uint64_t unfair = wrong_shares(problems, below);
  printf("%s: shares of chosen experts: %llu problems, %llu wrong\n", unfair ? "FAILED" : "passed", (unsigned long long)problems,
         (unsigned long long)unfair);
  int failures = unfair != 0;
  for (uint32_t k = 0; k < libraries[0]->kernel_count; k++) {
    const char* name = libraries[0]->kernels[k].name;
    uint64_t legal = 0, refused = 0, different = 0, other_cut = 0, twice = 0;
    for (uint64_t i = 0; legal < problems && i < 1000 * problems; i++) {
      const auto outcome_of = [&](const cpu_kernel_library* library, Cut cut) {
        state = seed + i * 0x9e3779b97f4a7c15u;
        return fuzz(&library->kernels[k], cut);
      };
      const Outcome first = outcome_of(libraries[0], Cut::parts);
      if (!first.legal) continue;
      legal++;
      refused += first.refused;
      for (const cpu_kernel_library* library : libraries) {
        if (library == libraries[0]) continue;
        if (!equal(first, outcome_of(library, Cut::parts)) && different++ == 0) {
          printf("%s: %s differs from %s in problem %llu\n", name, library->isa, libraries[0]->isa, (unsigned long long)i);
        }
      }
      if (first.refused || legal % 4 != 0) continue; // every fourth: these runs find nothing that depends on few problems
      if (!equal(first, outcome_of(libraries[0], Cut::whole)) && other_cut++ == 0) {
        printf("%s: its parts differ from the whole in problem %llu\n", name, (unsigned long long)i);
      }
      if (outcome_of(libraries[0], Cut::apart).written_twice != 0 && twice++ == 0) {
        printf("%s: two parts write the same bytes in problem %llu\n", name, (unsigned long long)i);
      }
    }
    const bool passed = different == 0 && other_cut == 0 && twice == 0 && legal == problems;
    failures += !passed;
    printf("%s: %s on %s: %llu problems (%llu refused), %llu with other bits, %llu in parts, %llu written twice\n",
           passed ? "passed" : "FAILED", name, names.c_str(), (unsigned long long)legal, (unsigned long long)refused,
           (unsigned long long)different, (unsigned long long)other_cut, (unsigned long long)twice);
    fflush(stdout);
  }
  return failures ? 1 : 0;
}
