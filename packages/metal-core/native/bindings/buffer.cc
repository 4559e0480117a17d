// createBuffer, mapFile, bufferByteLength, bufferContents, readBuffer, writeBuffer, disposeBuffer
#include <cstring>

#include "pending.h"
#include "values.h"

namespace metal_core {
namespace {

// Node's own limit for external memory (buffer.constants.MAX_LENGTH) is 4 GiB in Node 20.
constexpr uint64_t kMaxContents = uint64_t{1} << 32;
// Results up to here are copied into an ordinary ArrayBuffer, which can be transferred to a worker.
constexpr size_t kCopyBelow = 1 << 20;

Storage storageOf(const Arguments& arguments, size_t i) {
  const std::string storage = arguments.string(i, "storage");
  if (storage == "shared") return Storage::kShared;
  if (storage == "private") return Storage::kPrivate;
  arguments.refuse("expected storage 'shared' or 'private', got '" + storage + "'");
}

Napi::Value handleOf(Napi::Env env, const std::shared_ptr<DeviceState>& state, std::shared_ptr<Buffer> buffer) {
  const int64_t reported = buffer->writable ? static_cast<int64_t>(buffer->byteLength) : 0;
  return wrap(env, std::make_unique<BufferHandle>(env, state, std::move(buffer), reported));
}

Napi::Value createBuffer(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "device.createBuffer");
  const uint64_t byteLength = arguments.integer(1, "byteLength", 1, kMaxInteger);
  const Storage storage = storageOf(arguments, 2);
  const DeviceHandle& handle = arguments.handle<DeviceHandle>(0, "device");
  Device& device = arguments.live(*handle.state);
  const uint8_t* data = nullptr;
  if (!arguments.absent(3)) {
    const Bytes bytes = arguments.bytes(3, "data");
    if (bytes.size != byteLength) {
      arguments.refuse("expected data of " + std::to_string(byteLength) + " bytes, got " + std::to_string(bytes.size));
    }
    data = bytes.data;
  }
  return handleOf(info.Env(), handle.state, device.allocate(byteLength, storage, data));
}

Napi::Value mapFile(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "device.mapFile");
  const std::string path = arguments.string(1, "path");
  const uint64_t offset = arguments.integer(2, "offset", 0, kMaxInteger);
  const uint64_t byteLength = arguments.integer(3, "byteLength", 0, kMaxInteger);
  const DeviceHandle& handle = arguments.handle<DeviceHandle>(0, "device");
  return handleOf(info.Env(), handle.state, arguments.live(*handle.state).mapFile(path, offset, byteLength));
}

Napi::Value bufferByteLength(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "buffer.byteLength");
  const std::shared_ptr<Buffer>& buffer = arguments.live(arguments.handle<BufferHandle>(0, "buffer"));
  return Napi::Number::New(info.Env(), static_cast<double>(buffer->byteLength));
}

void release(napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Buffer>*>(hint); }

Napi::Value bufferContents(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "buffer.contents");
  BufferHandle& handle = arguments.handle<BufferHandle>(0, "buffer");
  const std::shared_ptr<Buffer>& buffer = arguments.live(handle);
  const napi_env env = info.Env();
  if (buffer->storage != Storage::kShared || !buffer->host()) {
    arguments.refuse("expected a shared buffer, got a private one; use read() or create it with storage 'shared'");
  }
  if (buffer->byteLength > kMaxContents) {
    arguments.refuse("expected a buffer of at most 4294967296 bytes, got " + std::to_string(buffer->byteLength) +
                     "; use read() and write()");
  }
  napi_value shown = nullptr;
  if (handle.contents) {
    if (napi_get_reference_value(env, handle.contents, &shown) == napi_ok && shown) return {env, shown};
    napi_delete_reference(env, handle.contents);
    handle.contents = nullptr;
  }
  // The ArrayBuffer keeps the memory alive on its own: were it transferred elsewhere, where dispose cannot detach it,
  // it would still be valid.
  auto* keep = new std::shared_ptr<Buffer>(buffer);
  const napi_status status =
      napi_create_external_arraybuffer(env, buffer->host(), buffer->byteLength, release, keep, &shown);
  if (status != napi_ok) {
    if (status == napi_no_external_buffers_allowed) delete keep;  // refused before it was taken
    arguments.refuse("expected a JavaScript engine with external ArrayBuffers, got none; use read() and write()");
  }
  if (napi_create_reference(env, shown, 0, &handle.contents) != napi_ok) throw Napi::Error::New(info.Env());
  return {env, shown};
}

// Checks (offset, byteLength) at arguments 1 and 2 against the buffer.
void checkRange(const Arguments& arguments, const Buffer& buffer, uint64_t offset, uint64_t byteLength) {
  if (offset > buffer.byteLength || byteLength > buffer.byteLength - offset) {
    arguments.refuse("expected a range inside the " + std::to_string(buffer.byteLength) + " bytes of the buffer, got " +
                     std::to_string(byteLength) + " at " + std::to_string(offset));
  }
}

Napi::Value bytesToJavaScript(Napi::Env env, std::vector<uint8_t> bytes) {
  if (bytes.size() >= kCopyBelow) {
    auto* keep = new std::vector<uint8_t>(std::move(bytes));
    napi_value result = nullptr;
    const auto drop = [](napi_env, void*, void* hint) { delete static_cast<std::vector<uint8_t>*>(hint); };
    const napi_status status =
        napi_create_external_arraybuffer(env, keep->data(), keep->size(), drop, keep, &result);
    if (status == napi_ok) return {env, result};
    if (status != napi_no_external_buffers_allowed) throw Napi::Error::New(env);
    bytes = std::move(*keep);
    delete keep;
  }
  Napi::ArrayBuffer result = Napi::ArrayBuffer::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(result.Data(), bytes.data(), bytes.size());
  return result;
}

Napi::Value readBuffer(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "buffer.read");
  const uint64_t offset = arguments.integer(1, "offset", 0, kMaxInteger);
  const uint64_t byteLength = arguments.integer(2, "byteLength", 1, kMaxContents);
  const BufferHandle& handle = arguments.handle<BufferHandle>(0, "buffer");
  const std::shared_ptr<Buffer>& buffer = arguments.live(handle);
  Device& device = arguments.live(*handle.state);
  checkRange(arguments, *buffer, offset, byteLength);
  return queued(arguments, handle.state, [&](auto completions, uint64_t id) {
    device.read(buffer, offset, byteLength, [completions, id](std::optional<Error> error, std::vector<uint8_t> bytes) {
      auto shared = std::make_shared<std::vector<uint8_t>>(std::move(bytes));  // std::function copies
      completions->post(id, [error = std::move(error), shared](Napi::Env env) -> Napi::Value {
        if (error) throw *error;
        return bytesToJavaScript(env, std::move(*shared));
      });
    });
  });
}

Napi::Value writeBuffer(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "buffer.write");
  const uint64_t offset = arguments.integer(1, "offset", 0, kMaxInteger);
  const BufferHandle& handle = arguments.handle<BufferHandle>(0, "buffer");
  const std::shared_ptr<Buffer>& buffer = arguments.live(handle);
  Device& device = arguments.live(*handle.state);
  if (!buffer->writable) arguments.refuse("expected writable memory, got a mapped file; copy it into a buffer first");
  const Bytes bytes = arguments.bytes(2, "data");
  checkRange(arguments, *buffer, offset, bytes.size);
  return queued(arguments, handle.state, [&](auto completions, uint64_t id) {
    device.write(buffer, offset, bytes.data, bytes.size, [completions, id](Outcome outcome) {
      completions->post(id, [error = std::move(outcome.error)](Napi::Env env) -> Napi::Value {
        if (error) throw *error;
        return env.Undefined();
      });
    });
  });
}

Napi::Value disposeBuffer(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "buffer.dispose");
  arguments.handle<BufferHandle>(0, "buffer").dispose();
  return info.Env().Undefined();
}

}  // namespace

void defineBuffer(Napi::Object& exports) {
  define<createBuffer>(exports, "createBuffer");
  define<mapFile>(exports, "mapFile");
  define<bufferByteLength>(exports, "bufferByteLength");
  define<bufferContents>(exports, "bufferContents");
  define<readBuffer>(exports, "readBuffer");
  define<writeBuffer>(exports, "writeBuffer");
  define<disposeBuffer>(exports, "disposeBuffer");
}

}  // namespace metal_core
