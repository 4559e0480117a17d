#include "bindings.h"

#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "buffers.h"
#include "dispatch.h"
#include "protocol.h"
#include "ranges.h"
#include "scheduler.h"

namespace sim {
namespace {

// Threadgroup memory: variables one after the other with gaps between them, which belong to nobody.
constexpr size_t kArenaBytes = 256 * 1024;
constexpr size_t kGapBytes = 64;
constexpr size_t kValueBytes = 1 << 20;

struct Variable {
  const void* key;
  size_t offset, bytes;
};

struct Arena {
  uint8_t* data = static_cast<uint8_t*>(reserve(kArenaBytes));
  uint16_t* owner = static_cast<uint16_t*>(reserve(kArenaBytes * sizeof(uint16_t)));  // 1 + index of the variable of each byte
  size_t top = kGapBytes;
  uint64_t used = 0;  // without gaps
  std::vector<Variable> variables;
  Planes planes = make_planes(reinterpret_cast<uintptr_t>(data), kArenaBytes);
};

Arena& arena() {
  static Arena instance;
  return instance;
}

// Null when there is no room.
void* allocate(const void* key, uint64_t bytes, uint64_t alignment) {
  Arena& a = arena();
  const uint64_t unit = std::max<uint64_t>(alignment, 16);
  const uint64_t offset = (a.top + unit - 1) / unit * unit;
  a.used = (a.used + std::max<uint64_t>(alignment, 1) - 1) / std::max<uint64_t>(alignment, 1) * std::max<uint64_t>(alignment, 1) + bytes;
  if (a.used > kThreadgroupBytes || offset + bytes + kGapBytes > kArenaBytes) return nullptr;
  a.variables.push_back({key, offset, bytes});
  std::fill_n(a.owner + offset, bytes, static_cast<uint16_t>(a.variables.size()));
  a.top = offset + bytes + kGapBytes;
  return a.data + offset;
}

void clear_arena() {
  Arena& a = arena();
  std::fill_n(a.owner, a.top, uint16_t{0});
  a.top = kGapBytes;
  a.used = 0;
  a.variables.clear();
}

uint32_t buffer_flags(const Buffer& buffer) {
  return (machine.races && machine.checks && buffer.tracked ? kFlagRaces : 0u) | (machine.count ? kFlagCount : 0u);
}

// A copy of bytes by value, which ends where they end.
void* place_value(const std::vector<uint8_t>& bytes, size_t& top) {
  static auto* area = static_cast<uint8_t*>(reserve(kValueBytes));
  uint8_t* at = area + top;
  memcpy(at, bytes.data(), bytes.size());
  top = (top + bytes.size() + 2 * 256 - 1) / 256 * 256;
  return at;
}

}  // namespace

std::string too_much_memory(uint64_t bytes) {
  return format("Threadgroup memory size (%llu) exceeds the maximum threadgroup memory allowed (%u).", static_cast<unsigned long long>(bytes),
                kThreadgroupBytes);
}

Exchange& exchange() {
  static auto* instance = static_cast<Exchange*>(reserve(sizeof(Exchange)));
  return *instance;
}

std::string bind(const Dispatch& dispatch) {
  clear_ranges();
  clear_arena();
  size_t values = 256;
  const auto low_of = [](const void* p) { return reinterpret_cast<uintptr_t>(p); };
  for (uint32_t i = 0; i < dispatch.kernel->parameter_count; ++i) {
    const sim_parameter& parameter = dispatch.kernel->parameters[i];
    void*& pointer = exchange().arguments[i];
    pointer = nullptr;
    if (parameter.kind == sim_builtin || (parameter.present != nullptr && !parameter.present())) continue;
    const bool shared = parameter.kind == sim_threadgroup_buffer;
    const auto argument = std::find_if(dispatch.arguments.begin(), dispatch.arguments.end(), [&](const Argument& a) {
      return a.index == parameter.index && (a.kind == Argument::Kind::threadgroup) == shared;
    });
    if (argument == dispatch.arguments.end()) continue;
    const uint32_t access = parameter.kind == sim_constant_buffer ? kLoad : (parameter.access & kStore) | kLoad;
    if (shared) {
      pointer = allocate(&parameter, argument->bytes, std::max(parameter.alignment, 16u));
      if (pointer == nullptr) return too_much_memory(arena().used);
    } else if (argument->kind == Argument::Kind::value) {
      pointer = place_value(argument->value, values);
      add_range({low_of(pointer), low_of(pointer) + argument->value.size(), machine.count ? kFlagCount : 0u, access & kLoad, kRangeValue,
                 parameter.index, parameter.name, nullptr});
    } else {
      Buffer* buffer = argument->buffer;
      pointer = buffer->data + argument->offset;
      add_range({low_of(pointer), low_of(buffer->data) + buffer->length, buffer_flags(*buffer),
                 buffer->writable ? access : access & kLoad, kRangeBuffer, parameter.index, parameter.name, buffer});
    }
  }
  const uint32_t shared_flags = kFlagVariables | (machine.races && machine.checks ? kFlagRaces : 0u);
  add_range({low_of(arena().data), low_of(arena().data) + kArenaBytes, shared_flags, kLoad | kStore, kRangeThreadgroup, 0, "", nullptr});
  add_range({dispatch.library->low, dispatch.library->high, kFlagPoison, kLoad, kRangeLibrary, 0, "", nullptr});
  add_range({low_of(&exchange()), low_of(&exchange() + 1), 0, kLoad, kRangeExchange, 0, "", nullptr});
  return "";
}

void forget_threadgroup_memory() {
#if SIM_CHECKED
  // What nobody wrote looks like nothing that anybody would write, and is the same in each run.
  Arena& a = arena();
  for (const Variable& variable : a.variables) memset(a.data + variable.offset, 0xff, variable.bytes);
#endif
}

Planes& threadgroup_planes() { return arena().planes; }

void renew_threadgroup_planes() {
  drop_planes(arena().planes);
  arena().planes = make_planes(reinterpret_cast<uintptr_t>(arena().data), kArenaBytes);
}

void* threadgroup_variable(const void* key, uint64_t bytes, uint32_t alignment) {
  for (const Variable& variable : arena().variables) {
    if (variable.key == key) return arena().data + variable.offset;
  }
  void* memory = bytes > kThreadgroupBytes ? nullptr : allocate(key, bytes, alignment);
  if (memory == nullptr) stop_dispatch(format("Compute Function(%s): ", machine.kernel->name) + too_much_memory(std::max(arena().used, bytes)));
  memset(memory, 0xff, bytes);
  return memory;
}

bool in_one_variable(uintptr_t address, uint64_t size) {
  const size_t offset = address - reinterpret_cast<uintptr_t>(arena().data);
  const uint16_t* owner = arena().owner + offset;
  return size <= kArenaBytes - offset && owner[0] != 0 && owner[0] == owner[size - 1];
}

std::string told_outside_variable(const char* role, uintptr_t address, uint64_t size) {
  const size_t offset = address - reinterpret_cast<uintptr_t>(arena().data);
  const Variable* nearest = nullptr;
  for (const Variable& variable : arena().variables) {
    if (variable.offset <= offset) nearest = &variable;
  }
  if (nearest == nullptr) return format("%s of %llu bytes before all threadgroup variables.", role, static_cast<unsigned long long>(size));
  return format("%s of %llu bytes at offset %zu of a threadgroup variable of %zu bytes.", role, static_cast<unsigned long long>(size),
                offset - nearest->offset, nearest->bytes);
}

}  // namespace sim
