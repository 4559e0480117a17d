// loadLibrary, libraryInfo, disposeLibrary, createKernel, kernelInfo
#include "descriptions.h"

namespace metal_core {
namespace {

const char* accessName(Access access) {
  switch (access) {
    case Access::kRead: return "read";
    case Access::kWrite: return "write";
    case Access::kReadWrite: return "read_write";
    case Access::kValue: return "value";
  }
  return "read";
}

Napi::Value loadLibrary(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "device.loadLibrary");
  LibrarySource source;
  source.kind = arguments.string(1, "kind");
  const std::string text = arguments.string(2, source.kind == "metal" ? "source" : "path");
  (source.kind == "metal" ? source.source : source.path) = text;
  source.name = arguments.stringOrEmpty(3, "name");
  source.isa = arguments.stringOrEmpty(4, "isa");
  source.kernels = descriptionsOf(arguments, 5);
  if (source.kind != "shared" && source.kind != "metal" && source.kind != "metallib") {
    arguments.refuse("expected kind 'shared', 'metal' or 'metallib', got '" + source.kind + "'");
  }
  const DeviceHandle& handle = arguments.handle<DeviceHandle>(0, "device");
  Device& device = arguments.live(*handle.state);
  Environment& environment = *handle.state->environment;
  // Weak: the promise keeps the device alive, and the last owner must let go on the JavaScript thread.
  const std::weak_ptr<DeviceState> owner = handle.state;
  const auto expected = environment.expect(info.Env(), arguments.object(0), nullptr);
  const auto post = [completions = environment.completions, id = expected.id, owner](
                        std::optional<Error> error, std::shared_ptr<Library> library) {
    completions->post(id, [error = std::move(error), library = std::move(library), owner](Napi::Env env) -> Napi::Value {
      if (error) throw *error;
      auto state = std::make_shared<LibraryState>(LibraryState{owner.lock(), library});
      return wrap(env, std::make_unique<LibraryHandle>(LibraryHandle{std::move(state)}));
    });
  };
  try {
    device.loadLibrary(source, post);
  } catch (...) {
    environment.forget(expected.id);
    throw;
  }
  return expected.promise;
}

Napi::Value libraryInfo(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "library.kernels");
  const LibraryHandle& handle = arguments.handle<LibraryHandle>(0, "library");
  const Library& library = arguments.live(*handle.state);
  const std::vector<std::string> names = library.kernels();
  Napi::Array kernels = Napi::Array::New(info.Env(), names.size());
  for (size_t i = 0; i < names.size(); i++) kernels.Set(static_cast<uint32_t>(i), names[i]);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("isa", library.isa());
  object.Set("kernels", kernels);
  return object;
}

Napi::Value disposeLibrary(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "library.dispose");
  arguments.handle<LibraryHandle>(0, "library").state->library.reset();
  return info.Env().Undefined();
}

Napi::Value createKernel(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "library.kernel");
  const std::string name = arguments.string(1, "name");
  const std::vector<std::string> names = arguments.strings(2, "constant names");
  const std::vector<uint64_t> values = arguments.integers(3, "constant values");
  if (names.size() != values.size()) arguments.refuse("expected as many constant values as names");
  std::vector<uint32_t> constants;
  for (uint64_t value : values) {
    if (value > UINT32_MAX) arguments.refuse("expected constants below 2^32, got " + std::to_string(value));
    constants.push_back(static_cast<uint32_t>(value));
  }
  const LibraryHandle& handle = arguments.handle<LibraryHandle>(0, "library");
  Library& library = arguments.live(*handle.state);
  arguments.live(*handle.state->device);
  auto kernel = std::make_unique<KernelHandle>(KernelHandle{handle.state, library.kernel(name, names, constants)});
  return wrap(info.Env(), std::move(kernel));
}

Napi::Value kernelInfo(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "library.kernel");
  const KernelHandle& handle = arguments.handle<KernelHandle>(0, "kernel");
  const Napi::Env env = info.Env();
  const Kernel& kernel = *handle.kernel;
  Napi::Array list = Napi::Array::New(env, kernel.arguments.size());
  for (size_t i = 0; i < kernel.arguments.size(); i++) {
    const Argument& argument = kernel.arguments[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", argument.name);
    object.Set("access", accessName(argument.access));
    object.Set("alignment", argument.alignment);
    object.Set("valueBytes", argument.valueBytes);
    object.Set("optional", argument.optional);
    if (argument.mayAlias != 0) object.Set("mayAlias", kernel.arguments[argument.mayAlias - 1].name);
    list.Set(static_cast<uint32_t>(i), object);
  }
  Napi::Object constants = Napi::Object::New(env);
  for (size_t i = 0; i < kernel.constants.size(); i++) {
    constants.DefineProperty(Napi::PropertyDescriptor::Value(
        kernel.constants[i].name, Napi::Number::New(env, kernel.constantValues[i]), napi_enumerable));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", kernel.name);
  result.Set("arguments", list);
  result.Set("constants", constants);
  return result;
}

}  // namespace

void defineLibrary(Napi::Object& exports) {
  define<loadLibrary>(exports, "loadLibrary");
  define<libraryInfo>(exports, "libraryInfo");
  define<disposeLibrary>(exports, "disposeLibrary");
  define<createKernel>(exports, "createKernel");
  define<kernelInfo>(exports, "kernelInfo");
}

}  // namespace metal_core
