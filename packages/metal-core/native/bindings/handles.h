// Native objects behind JavaScript ones: plain objects with a Node-API type tag and a wrapped pointer.
#ifndef METAL_CORE_BINDINGS_HANDLES_H
#define METAL_CORE_BINDINGS_HANDLES_H

#include <napi.h>

#include <memory>
#include <string>
#include <unordered_set>

#include "../device.h"
#include "../graph.h"
#include "environment.h"

namespace metal_core {

struct BufferHandle;

// Shared by all handles of a device.
struct DeviceState {
  DeviceState(std::shared_ptr<Environment> environment, std::shared_ptr<Device> device, uint32_t maxInFlight);
  ~DeviceState();
  // Detaches what JavaScript sees of the device's memory, and lets the device end.
  void dispose(Napi::Env env);

  std::shared_ptr<Environment> environment;
  std::shared_ptr<Device> device;  // null: disposed
  uint32_t maxInFlight, inFlight = 0;
  std::unordered_set<BufferHandle*> buffers;
};

struct DeviceHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0001;
  static constexpr const char* kName = "a device";
  std::shared_ptr<DeviceState> state;
};

struct BufferHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0002;
  static constexpr const char* kName = "a buffer";
  BufferHandle(napi_env env, std::shared_ptr<DeviceState> state, std::shared_ptr<Buffer> buffer, int64_t reported);
  ~BufferHandle();
  void dispose();

  napi_env env;
  std::shared_ptr<DeviceState> state;
  std::shared_ptr<Buffer> buffer;       // null: disposed
  int64_t reported;                     // bytes that the garbage collector was told of
  napi_ref contents = nullptr;          // weak: the ArrayBuffer that shows the memory
};

struct LibraryState {
  std::shared_ptr<DeviceState> device;
  std::shared_ptr<Library> library;  // null: disposed
};

struct LibraryHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0003;
  static constexpr const char* kName = "a library";
  std::shared_ptr<LibraryState> state;
};

struct KernelHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0004;
  static constexpr const char* kName = "a kernel";
  std::shared_ptr<LibraryState> library;
  std::shared_ptr<const Kernel> kernel;
};

struct GraphHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0005;
  static constexpr const char* kName = "a graph";
  std::shared_ptr<DeviceState> state;
  std::shared_ptr<Graph> graph;  // null: disposed
};

struct SubmissionHandle {
  static constexpr uint64_t kTag = 0x6d657461'6c6f0006;
  static constexpr const char* kName = "a submission";
  std::shared_ptr<Submission> submission;
};

// The tag of a kind. Its upper half differs between copies of the addon loaded side by side, whose C++ objects must not
// meet.
template <class T>
napi_type_tag tagOf() {
  static const char anchor = 0;
  return {T::kTag, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(&anchor))};
}

template <class T>
Napi::Object wrap(Napi::Env env, std::unique_ptr<T> handle) {
  Napi::Object object = Napi::Object::New(env);
  const napi_type_tag tag = tagOf<T>();
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  if (napi_wrap(env, object, handle.get(), finalize, nullptr, nullptr) != napi_ok) throw Napi::Error::New(env);
  T* owned = handle.release();
  if (napi_type_tag_object(env, object, &tag) != napi_ok) {
    void* removed = nullptr;
    if (napi_remove_wrap(env, object, &removed) == napi_ok) delete owned;
    throw Napi::Error::New(env);
  }
  return object;
}

// The handle behind a value, or null when the value is anything else.
template <class T>
T* tryUnwrap(const Napi::Value& value) {
  if (!value.IsObject()) return nullptr;
  const napi_type_tag tag = tagOf<T>();
  bool matches = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(value.Env(), value, &tag, &matches) != napi_ok || !matches) return nullptr;
  if (napi_unwrap(value.Env(), value, &data) != napi_ok) return nullptr;
  return static_cast<T*>(data);
}

}  // namespace metal_core
#endif
