// What Metal's validation layer refuses, in its words.
#include <algorithm>

#include "bindings.h"
#include "dispatch.h"
#include "protocol.h"

namespace sim {
namespace {

bool is_present(const sim_parameter& parameter) {
  return parameter.kind != sim_builtin && (parameter.present == nullptr || parameter.present());
}

std::string validate_argument(const Dispatch& dispatch, const sim_parameter& parameter) {
  const char* kernel = dispatch.kernel->name;
  const bool shared = parameter.kind == sim_threadgroup_buffer;
  const auto found = std::find_if(dispatch.arguments.begin(), dispatch.arguments.end(), [&](const Argument& a) {
    return a.index == parameter.index && (a.kind == Argument::Kind::threadgroup) == shared;
  });
  if (found == dispatch.arguments.end()) {
    return format("Compute Function(%s): missing %s binding at index %u for %s[0].", kernel, shared ? "Threadgroup Memory" : "Buffer",
                  parameter.index, parameter.name);
  }
  const uint64_t offset = found->kind == Argument::Kind::buffer ? found->offset : 0;
  const uint64_t bytes = shared ? found->bytes : found->kind == Argument::Kind::value ? found->value.size() : found->buffer->length;
  if (offset > bytes) {
    return format("Compute Function(%s): offset(%llu) of %s[0] at index %u must be <= [buffer length](%llu).", kernel,
                  static_cast<unsigned long long>(offset), parameter.name, parameter.index, static_cast<unsigned long long>(bytes));
  }
  if (bytes - offset < parameter.bytes) {
    return format("Compute Function(%s): argument %s[0] from %s(%u) with offset(%llu) and length(%llu) has space for %llu bytes, but "
                  "argument has a length(%u).",
                  kernel, parameter.name, shared ? "threadgroup" : "Buffer", parameter.index, static_cast<unsigned long long>(offset),
                  static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(bytes - offset), parameter.bytes);
  }
  return "";
}

}  // namespace

std::string validate(const Dispatch& dispatch) {
  if (std::string message = dispatch.library->set_constants(dispatch.constants); !message.empty()) return message;
  const char* kernel = dispatch.kernel->name;
  const auto [x, y, z] = dispatch.threadgroup;
  const uint64_t threads = uint64_t{x} * y * z;
  const uint32_t most = dispatch.kernel->max_threads == 0 ? kMaxThreads : std::min(dispatch.kernel->max_threads, kMaxThreads);
  if (threads == 0) {
    return format("Compute Function(%s): threadsPerThreadgroup(width(%u) * height(%u) * depth(%u))(0) must be > 0.", kernel, x, y, z);
  }
  if (threads > most) {
    return format("(threadsPerThreadgroup.width(%u) * threadsPerThreadgroup.height(%u) * threadsPerThreadgroup.depth(%u))(%llu) must be <= %u. "
                  "(%s threadgroup size limit of %s)",
                  x, y, z, static_cast<unsigned long long>(threads), most, most == kMaxThreads ? "device" : "kernel", kernel);
  }
  if (dispatch.kernel->parameter_count > kMaxParameters) return format("[%s] expected at most %u parameters.", kernel, kMaxParameters);
  uint64_t shared = 0;
  for (const Argument& argument : dispatch.arguments) shared += std::min<uint64_t>(argument.bytes, UINT32_MAX);
  if (shared > kThreadgroupBytes) return format("Compute Function(%s): ", kernel) + too_much_memory(shared);
  for (uint32_t i = 0; i < dispatch.kernel->parameter_count; ++i) {
    const sim_parameter& parameter = dispatch.kernel->parameters[i];
    if (!is_present(parameter)) continue;
    if (std::string message = validate_argument(dispatch, parameter); !message.empty()) return message;
  }
  return "";
}

}  // namespace sim
