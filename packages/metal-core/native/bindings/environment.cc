#include "environment.h"

#include <utility>

#include "handles.h"

namespace metal_core {

void Completions::post(uint64_t id, Make make) {
  auto item = std::make_unique<Item>(Item{id, std::move(make)});
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!function_) return;
  if (napi_call_threadsafe_function(function_, item.get(), napi_tsfn_nonblocking) == napi_ok) item.release();
}

void Completions::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  function_ = nullptr;
}

std::shared_ptr<Environment> Environment::create(Napi::Env env) {
  auto environment = std::make_shared<Environment>();
  napi_threadsafe_function function = nullptr;
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "@metal-fp4/metal-core"), 0, 1, nullptr, nullptr,
      environment.get(), callJs, &function);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, function);  // only pending work keeps the process alive
  environment->completions->function_ = function;
  // Hooks run last in, first out: this one before the threadsafe function's own, so that no device thread can call it
  // while Node takes it down.
  env.AddCleanupHook(tearDown, environment.get());
  env.SetInstanceData(new std::shared_ptr<Environment>(environment));
  return environment;
}

std::shared_ptr<Environment> Environment::of(Napi::Env env) { return *env.GetInstanceData<std::shared_ptr<Environment>>(); }

Environment::Expected Environment::expect(Napi::Env env, Napi::Object device, std::function<void()> onSettled) {
  const uint64_t id = nextId_++;
  Pending pending{Napi::Promise::Deferred::New(env), Napi::Persistent(device), std::move(onSettled)};
  const Napi::Promise promise = pending.deferred.Promise();
  if (pending_.empty()) napi_ref_threadsafe_function(env, completions->function_);
  pending_.emplace(id, std::move(pending));
  return {id, promise};
}

void Environment::forget(uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const napi_env env = found->second.device.Env();
  if (found->second.onSettled) found->second.onSettled();
  pending_.erase(found);
  release(env);
}

void Environment::release(napi_env env) {
  if (pending_.empty()) napi_unref_threadsafe_function(env, completions->function_);
}

void Environment::retire(std::shared_ptr<Device> device) {
  const uint64_t id = nextId_++;
  Device& stopping = *device;
  retired_.emplace(id, std::move(device));
  stopping.stop([completions = completions, id] { completions->post(id, nullptr); });
}

void Environment::callJs(napi_env env, napi_value, void* context, void* data) {
  const std::unique_ptr<Completions::Item> item(static_cast<Completions::Item*>(data));
  if (!env) return;  // the environment is being torn down
  try {
    static_cast<Environment*>(context)->settle(env, *item);
  } catch (...) {
    // The environment is being terminated: making a value fails, and so does rejecting with the failure. Nobody awaits
    // the promise any more, and an exception must not leave this C callback.
  }
}

void Environment::settle(Napi::Env env, Completions::Item& item) {
  if (!item.make) {  // a retired device has ended: joining its threads does not wait any more
    retired_.erase(item.id);
    return;
  }
  const auto found = pending_.find(item.id);
  if (found == pending_.end()) return;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  release(env);
  if (pending.onSettled) pending.onSettled();
  try {
    pending.deferred.Resolve(item.make(env));
  } catch (const Error& error) {
    pending.deferred.Reject(toJavaScript(env, error).Value());
  } catch (const Napi::Error& error) {
    pending.deferred.Reject(error.Value());
  } catch (const std::exception& error) {
    pending.deferred.Reject(toJavaScript(env, Error(ErrorCode::kOutOfMemory, error.what())).Value());
  }
}

void Environment::tearDown(Environment* environment) {
  environment->completions->close();
  std::vector<std::shared_ptr<Device>> ending;
  for (DeviceState* state : environment->devices) {
    if (state->device) ending.push_back(std::move(state->device));
  }
  for (auto& [id, device] : environment->retired_) ending.push_back(std::move(device));
  environment->retired_.clear();
  for (const auto& device : ending) device->stop(nullptr);
  ending.clear();  // waits for kernels under way: the addon and its libraries may be unloaded next
  environment->pending_.clear();
}

Napi::Error toJavaScript(Napi::Env env, const Error& error) {
  Napi::Error result = Napi::Error::New(env, error.message());
  result.Set("code", Napi::String::New(env, codeName(error.code())));
  if (!error.kernel().empty()) {
    result.Set("kernel", Napi::String::New(env, error.kernel()));
    result.Set("label", Napi::String::New(env, error.label()));
  }
  return result;
}

}  // namespace metal_core
