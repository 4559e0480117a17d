#include "description.h"

#include <set>

#include "aligned_bytes.h"

namespace metal_core {
namespace {

constexpr size_t kMaxKernels = 65536, kMaxName = 255, kMaxConstants = 64, kMaxFailures = 256, kMaxMessage = 1024;
constexpr uint32_t kMaxAlignment = 16384;

bool goodName(const std::string& name) { return !name.empty() && name.size() <= kMaxName; }

// What is expected of the kernel and does not hold, or null.
const char* defect(const KernelDescription& kernel) {
  const size_t buffers = kernel.arguments.size() + (kernel.failures.empty() ? 0 : 1);
  if (buffers > kMaxBuffers) return "at most 31 buffers, the status for its failures included";
  if (kernel.constants.size() > kMaxConstants) return "at most 64 constants";
  if (kernel.failures.size() > kMaxFailures) return "at most 256 failures";
  std::set<std::string> names;
  for (size_t i = 0; i < kernel.arguments.size(); i++) {
    const Argument& a = kernel.arguments[i];
    if (!goodName(a.name) || !names.insert(a.name).second) return "argument names of 1 to 255 bytes that differ";
    if (a.alignment == 0 || (a.alignment & (a.alignment - 1)) != 0 || a.alignment > kMaxAlignment) {
      return "alignments that are powers of two up to 16384";
    }
    const bool value = a.access == Access::kValue;
    if (value && (a.valueBytes == 0 || a.valueBytes > kMaxValueBytes)) return "by-value sizes of 1 to 4096 bytes";
    if (value && a.alignment > AlignedBytes::kAlignment) return "by-value alignments up to 64";
    if (!value && a.valueBytes != 0) return "valueBytes 0 of an argument that is not by value";
    if (a.mayAlias > kernel.arguments.size() || a.mayAlias == i + 1) return "mayAlias to name another argument";
  }
  names.clear();
  for (const Constant& c : kernel.constants) {
    if (!goodName(c.name) || !names.insert(c.name).second) return "constant names of 1 to 255 bytes that differ";
    if (c.defaultValue > c.maxValue) return "defaults of constants up to their maximum";
  }
  for (const std::string& message : kernel.failures) {
    if (message.empty() || message.size() > kMaxMessage) return "messages of failures of 1 to 1024 bytes";
  }
  return nullptr;
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kLibrary, "[device.loadLibrary] " + what); }

}  // namespace

void checkDescriptions(const std::vector<KernelDescription>& kernels) {
  if (kernels.size() > kMaxKernels) refuse("expected at most 65536 kernels, got " + std::to_string(kernels.size()));
  std::set<std::string> names;
  for (size_t i = 0; i < kernels.size(); i++) {
    if (!goodName(kernels[i].name)) refuse("expected names of 1 to 255 bytes, got another of kernel " + std::to_string(i));
    const std::string& name = kernels[i].name;
    if (!names.insert(name).second) refuse("expected kernels of different names, got two descriptions of '" + name + "'");
    if (const char* wanted = defect(kernels[i])) {
      refuse(std::string("expected ") + wanted + ", got another in the description of kernel '" + name + "'; mend it");
    }
  }
}

std::vector<uint32_t> constantsOf(const std::string& kernel, const std::vector<Constant>& constants,
                                  const std::vector<std::string>& names, const std::vector<uint32_t>& values) {
  std::vector<uint32_t> result;
  for (const Constant& constant : constants) result.push_back(constant.defaultValue);
  for (size_t i = 0; i < names.size(); i++) {
    size_t at = 0;
    while (at < constants.size() && constants[at].name != names[i]) at++;
    if (at == constants.size()) {
      throw Error(ErrorCode::kArgument,
                  "[" + kernel + "] expected a function constant of the kernel, got '" + names[i] + "'");
    }
    if (values[i] > constants[at].maxValue) {
      throw Error(ErrorCode::kArgument, "[" + kernel + "] expected constant '" + names[i] + "' of at most " +
                                            std::to_string(constants[at].maxValue) + ", got " +
                                            std::to_string(values[i]));
    }
    result[at] = values[i];
  }
  return result;
}

std::string failureMessage(const std::vector<std::string>& failures, uint32_t code, uint32_t first, uint32_t second) {
  if (code == 0 || code > failures.size()) {
    return "the kernel failed with code " + std::to_string(code) + ", for which its description has no message";
  }
  const std::string& text = failures[code - 1];
  std::string message;
  for (size_t i = 0; i < text.size(); i++) {
    const std::string placeholder = text.substr(i, 3);
    if (placeholder != "{0}" && placeholder != "{1}") {
      message += text[i];
      continue;
    }
    message += std::to_string(placeholder == "{0}" ? first : second);
    i += 2;
  }
  return message;
}

}  // namespace metal_core
