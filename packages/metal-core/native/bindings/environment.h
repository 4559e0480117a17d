// What one JavaScript environment (the main thread, or a worker) keeps: instance data, never a global.
#ifndef METAL_CORE_BINDINGS_ENVIRONMENT_H
#define METAL_CORE_BINDINGS_ENVIRONMENT_H

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "../device.h"

namespace metal_core {

struct DeviceState;

// Brings results from the devices' threads to JavaScript through one threadsafe function.
class Completions {
 public:
  // Makes the value that the promise is resolved with; throws Error to reject it. Runs on the JavaScript thread.
  using Make = std::function<Napi::Value(Napi::Env)>;

  // From any thread; after `close` it does nothing.
  void post(uint64_t id, Make make);
  void close();

 private:
  friend class Environment;
  struct Item {
    uint64_t id;
    Make make;
  };
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;  // null: closed
};

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  static std::shared_ptr<Environment> create(Napi::Env env);
  static std::shared_ptr<Environment> of(Napi::Env env);

  // A promise that `completions->post(id, ...)` settles. Until then the environment and `device` are kept alive.
  struct Expected {
    uint64_t id;
    Napi::Promise promise;
  };
  Expected expect(Napi::Env env, Napi::Object device, std::function<void()> onSettled);
  // Undoes `expect` when the work could not be queued.
  void forget(uint64_t id);

  // Lets the device end on its own threads, without waiting for it here.
  void retire(std::shared_ptr<Device> device);

  std::shared_ptr<Completions> completions = std::make_shared<Completions>();
  std::unordered_set<DeviceState*> devices;  // live ones

 private:
  struct Pending {
    Napi::Promise::Deferred deferred;
    Napi::ObjectReference device;
    std::function<void()> onSettled;
  };
  static void callJs(napi_env env, napi_value function, void* context, void* data);
  static void tearDown(Environment* environment);
  void settle(Napi::Env env, Completions::Item& item);
  void release(napi_env env);

  uint64_t nextId_ = 1;
  std::unordered_map<uint64_t, Pending> pending_;
  std::unordered_map<uint64_t, std::shared_ptr<Device>> retired_;
};

// The JavaScript error for a native one: an Error with `code`, and `kernel` and `label` where it has them.
Napi::Error toJavaScript(Napi::Env env, const Error& error);

}  // namespace metal_core
#endif
