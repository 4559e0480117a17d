// softwareMetal: { configure, liveObjects, fail, clearFaults, validationErrors, ignoreBarriers, setOperatingSystem,
// takeStatistics } of the test-only addon; see test/support/software-metal.ts for their types.
#include "software_metal.h"

#import <MetalSim/MetalSim.h>

#include "../bindings/values.h"

namespace metal_core {
namespace {

Napi::Value configure(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "softwareMetal.configure");
  MetalSimConfiguration configuration;
  configuration.driver = arguments.strings(0, "driver");
  configuration.mode = arguments.string(1, "mode");
  configuration.seed = static_cast<unsigned>(arguments.integer(2, "seed", 0, UINT32_MAX));
  configuration.environment = arguments.strings(3, "environment");
  metal_sim_configure(configuration);
  MTLSimSetValidation(MTLSimValidationRecord);
  return info.Env().Undefined();
}

Napi::Value liveObjects(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  for (const auto& [name, count] : MTLSimLiveObjects()) result.Set(name, static_cast<double>(count));
  return result;
}

Napi::Value fail(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "softwareMetal.fail");
  const std::string what = arguments.string(0, "what");
  const auto skip = static_cast<unsigned>(arguments.integer(1, "skip", 0, UINT32_MAX));
  if (what == "allocation") MTLSimFail(MTLSimFailNextAllocation, skip);
  else if (what == "out of memory") MTLSimFail(MTLSimFailNextCommandBufferOutOfMemory, skip);
  else if (what == "device removed") MTLSimFail(MTLSimFailNextCommandBufferDeviceRemoved, skip);
  else if (what == "pipeline") MTLSimFail(MTLSimFailNextPipeline, skip);
  else if (what == "compile") MTLSimFail(MTLSimFailNextCompile, skip);
  else arguments.refuse("expected a known fault, got '" + what + "'");
  return info.Env().Undefined();
}

Napi::Value clearFaults(const Napi::CallbackInfo& info) {
  MTLSimClearFaults();
  return info.Env().Undefined();
}

Napi::Value validationErrors(const Napi::CallbackInfo& info) {
  const std::vector<std::string> errors = MTLSimValidationErrors();
  Napi::Array result = Napi::Array::New(info.Env(), errors.size());
  for (size_t i = 0; i < errors.size(); i++) result.Set(static_cast<uint32_t>(i), errors[i]);
  return result;
}

Napi::Value ignoreBarriers(const Napi::CallbackInfo& info) {
  MTLSimIgnoreBarriers(Arguments(info, "softwareMetal.ignoreBarriers").boolean(0, "ignore"));
  return info.Env().Undefined();
}

Napi::Value setOperatingSystem(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "softwareMetal.setOperatingSystem");
  MTLSimSetOperatingSystem(static_cast<int>(arguments.integer(0, "major", 0, 99)), 0);
  return info.Env().Undefined();
}

Napi::Value takeStatistics(const Napi::CallbackInfo& info) {
  const MTLSimStatistics statistics = MTLSimTakeStatistics();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("commandBuffers", static_cast<double>(statistics.commandBuffers));
  result.Set("computeEncoders", static_cast<double>(statistics.computeEncoders));
  result.Set("blitEncoders", static_cast<double>(statistics.blitEncoders));
  result.Set("dispatches", static_cast<double>(statistics.dispatches));
  result.Set("barriers", static_cast<double>(statistics.barriers));
  return result;
}

}  // namespace

void defineSoftwareMetal(Napi::Object& exports) {
  Napi::Object object = Napi::Object::New(exports.Env());
  define<configure>(object, "configure");
  define<liveObjects>(object, "liveObjects");
  define<fail>(object, "fail");
  define<clearFaults>(object, "clearFaults");
  define<validationErrors>(object, "validationErrors");
  define<ignoreBarriers>(object, "ignoreBarriers");
  define<setOperatingSystem>(object, "setOperatingSystem");
  define<takeStatistics>(object, "takeStatistics");
  exports.Set("softwareMetal", object);
}

}  // namespace metal_core
