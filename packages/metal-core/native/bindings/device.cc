// backends, systemLimits, createDevice, deviceInfo, disposeDevice
#include "../cpu/limits.h"
#include "values.h"

namespace metal_core {
namespace {

Napi::Array toArray(Napi::Env env, const std::vector<std::string>& items) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (size_t i = 0; i < items.size(); i++) array.Set(static_cast<uint32_t>(i), items[i]);
  return array;
}

Napi::Object toObject(Napi::Env env, const DeviceInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("backend", info.backend);
  object.Set("name", info.name);
  object.Set("cores", info.cores);
  object.Set("threads", info.threads);
  object.Set("memoryBytes", static_cast<double>(info.memoryBytes));
  object.Set("copyGigabytesPerSecond", info.copyGigabytesPerSecond);
  object.Set("features", toArray(env, info.features));
  object.Set("pageBytes", info.pageBytes);
  object.Set("offsetAlignment", info.offsetAlignment);
  object.Set("maxThreadsPerThreadgroup", info.maxThreadsPerThreadgroup);
  return object;
}

Napi::Value backendNames(const Napi::CallbackInfo& info) { return toArray(info.Env(), backends()); }

Napi::Value systemLimits(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "systemLimits");
  const SystemLimits limits = readLimits(arguments.stringOrEmpty(0, "root"));
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("cores", limits.cores);
  object.Set("affinityCores", limits.affinityCores);
  object.Set("quotaCores", limits.quotaCores);
  object.Set("memoryBytes", static_cast<double>(limits.memoryBytes));
  return object;
}

Napi::Value createDeviceHandle(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "createDevice");
  const std::string backend = arguments.string(0, "backend");
  const auto threads = static_cast<uint32_t>(arguments.integer(1, "threads", 0, 65536));
  const auto maxInFlight = static_cast<uint32_t>(arguments.integer(2, "maxInFlight", 1, 65536));
  auto state = std::make_shared<DeviceState>(Environment::of(info.Env()), metal_core::createDevice(backend, {threads}),
                                             maxInFlight);
  return wrap(info.Env(), std::make_unique<DeviceHandle>(DeviceHandle{std::move(state)}));
}

Napi::Value deviceInfo(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "createDevice");
  const DeviceHandle& handle = arguments.handle<DeviceHandle>(0, "device");
  Device& device = arguments.live(*handle.state);
  Environment& environment = *handle.state->environment;
  const auto expected = environment.expect(info.Env(), arguments.object(0), nullptr);
  device.describe([completions = environment.completions, id = expected.id](std::optional<Error> error, DeviceInfo about) {
    completions->post(id, [error = std::move(error), about = std::move(about)](Napi::Env env) -> Napi::Value {
      if (error) throw *error;
      return toObject(env, about);
    });
  });
  return expected.promise;
}

Napi::Value disposeDevice(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "device.dispose");
  arguments.handle<DeviceHandle>(0, "device").state->dispose(info.Env());
  return info.Env().Undefined();
}

}  // namespace

void defineDevice(Napi::Object& exports) {
  define<backendNames>(exports, "backends");
  define<systemLimits>(exports, "systemLimits");
  define<createDeviceHandle>(exports, "createDevice");
  define<deviceInfo>(exports, "deviceInfo");
  define<disposeDevice>(exports, "disposeDevice");
}

}  // namespace metal_core
