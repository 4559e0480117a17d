#include "handles.h"

namespace metal_core {

DeviceState::DeviceState(std::shared_ptr<Environment> environment, std::shared_ptr<Device> device, uint32_t maxInFlight)
    : environment(std::move(environment)), device(std::move(device)), maxInFlight(maxInFlight) {
  this->environment->devices.insert(this);
}

DeviceState::~DeviceState() {
  environment->devices.erase(this);
  if (device) environment->retire(std::move(device));
}

void DeviceState::dispose(Napi::Env) {
  if (!device) return;
  environment->retire(std::move(device));
  const std::unordered_set<BufferHandle*> all = std::move(buffers);
  buffers.clear();
  for (BufferHandle* buffer : all) buffer->dispose();
}

BufferHandle::BufferHandle(napi_env env, std::shared_ptr<DeviceState> state, std::shared_ptr<Buffer> buffer,
                           int64_t reported)
    : env(env), state(std::move(state)), buffer(std::move(buffer)), reported(reported) {
  this->state->buffers.insert(this);
  int64_t total = 0;
  if (reported != 0) napi_adjust_external_memory(env, reported, &total);
}

BufferHandle::~BufferHandle() {
  // Collected, or the environment ends: the ArrayBuffer, if it lives on, keeps the memory.
  state->buffers.erase(this);
  if (contents) napi_delete_reference(env, contents);
  int64_t total = 0;
  if (buffer && reported != 0) napi_adjust_external_memory(env, -reported, &total);
}

void BufferHandle::dispose() {
  if (!buffer) return;
  state->buffers.erase(this);
  if (contents) {
    const Napi::HandleScope scope(env);
    napi_value shown = nullptr;
    bool transferred = true;
    if (napi_get_reference_value(env, contents, &shown) == napi_ok && shown &&
        napi_is_detached_arraybuffer(env, shown, &transferred) == napi_ok && !transferred &&
        napi_detach_arraybuffer(env, shown) == napi_ok && buffer.use_count() == 2) {
      // Only this handle and the ArrayBuffer that has just lost it are left. Node lets go of the latter in a later turn of the event loop, which
      // must not be what memory waits for.
      buffer->discard();
    }
    napi_delete_reference(env, contents);
    contents = nullptr;
  }
  buffer.reset();
  int64_t total = 0;
  if (reported != 0) napi_adjust_external_memory(env, -reported, &total);
}

}  // namespace metal_core
