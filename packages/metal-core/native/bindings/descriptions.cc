#include "descriptions.h"

#include <cmath>

namespace metal_core {
namespace {

constexpr uint32_t kMaxItems = 65536;

// A plain object of a description. Reading a field may run a getter: each is read once.
class Fields {
 public:
  Fields(const Arguments& arguments, std::string path, const Napi::Value& value)
      : arguments_(arguments), path_(std::move(path)) {
    if (!value.IsObject()) arguments_.expected(path_, "an object", value);
    object_ = value.As<Napi::Object>();
  }

  std::string string(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsString()) arguments_.expected(path(name), "a string", value);
    return value.As<Napi::String>().Utf8Value();
  }

  bool has(const char* name) const { return !object_.Get(name).IsUndefined(); }

  uint32_t integer(const char* name) const {
    const Napi::Value value = object_.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    if (!(number >= 0 && number <= UINT32_MAX) || std::floor(number) != number) {
      arguments_.expected(path(name), "an integer from 0 to 4294967295", value);
    }
    return static_cast<uint32_t>(number);
  }

  bool boolean(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsBoolean()) arguments_.expected(path(name), "a boolean", value);
    return value.As<Napi::Boolean>().Value();
  }

  template <class Each>
  void each(const char* name, Each visit) const {
    eachOf(arguments_, path(name), object_.Get(name), visit);
  }

  template <class Each>
  static void eachOf(const Arguments& arguments, const std::string& path, const Napi::Value& value, Each visit) {
    if (!value.IsArray()) arguments.expected(path, "an array", value);
    const Napi::Array items = value.As<Napi::Array>();
    const uint32_t count = items.Length();
    if (count > kMaxItems) arguments.refuse("expected at most 65536 " + path + ", got " + std::to_string(count));
    for (uint32_t k = 0; k < count; k++) visit(items.Get(k), path + "[" + std::to_string(k) + "]");
  }

 private:
  std::string path(const char* name) const { return path_ + "." + name; }
  const Arguments& arguments_;
  std::string path_;
  Napi::Object object_;
};

Access accessOf(const Arguments& arguments, const std::string& name) {
  if (name == "read") return Access::kRead;
  if (name == "write") return Access::kWrite;
  if (name == "read_write") return Access::kReadWrite;
  if (name == "value") return Access::kValue;
  arguments.refuse("expected access 'read', 'write', 'read_write' or 'value', got '" + name + "'");
}

KernelDescription descriptionOf(const Arguments& arguments, const Napi::Value& value, const std::string& path) {
  const Fields fields(arguments, path, value);
  KernelDescription kernel;
  kernel.name = fields.string("name");
  std::vector<std::string> aliases;
  fields.each("arguments", [&](const Napi::Value& item, const std::string& at) {
    const Fields argument(arguments, at, item);
    Argument result;
    result.name = argument.string("name");
    result.access = accessOf(arguments, argument.string("access"));
    result.alignment = argument.integer("alignment");
    result.valueBytes = argument.integer("valueBytes");
    result.optional = argument.boolean("optional");
    aliases.push_back(argument.has("mayAlias") ? argument.string("mayAlias") : "");
    kernel.arguments.push_back(std::move(result));
  });
  for (size_t i = 0; i < aliases.size(); i++) {
    if (aliases[i].empty()) continue;
    size_t other = 0;
    while (other < aliases.size() && kernel.arguments[other].name != aliases[i]) other++;
    if (other == aliases.size() || other == i) {
      arguments.refuse("expected mayAlias of '" + kernel.arguments[i].name + "' to name another argument of '" +
                       kernel.name + "', got '" + aliases[i] + "'");
    }
    kernel.arguments[i].mayAlias = static_cast<uint32_t>(other + 1);
  }
  fields.each("constants", [&](const Napi::Value& item, const std::string& at) {
    const Fields constant(arguments, at, item);
    kernel.constants.push_back(
        {constant.string("name"), constant.integer("defaultValue"), constant.integer("maxValue")});
  });
  fields.each("failures", [&](const Napi::Value& item, const std::string& at) {
    if (!item.IsString()) arguments.expected(at, "a string", item);
    kernel.failures.push_back(item.As<Napi::String>().Utf8Value());
  });
  return kernel;
}

}  // namespace

std::vector<KernelDescription> descriptionsOf(const Arguments& arguments, size_t i) {
  std::vector<KernelDescription> kernels;
  if (arguments.absent(i)) return kernels;
  Fields::eachOf(arguments, "kernels", arguments.value(i), [&](const Napi::Value& item, const std::string& path) {
    kernels.push_back(descriptionOf(arguments, item, path));
  });
  return kernels;
}

}  // namespace metal_core
