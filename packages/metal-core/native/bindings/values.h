// Checks of what JavaScript passes in. TypeScript has checked it before: these are for those who call the addon itself.
#ifndef METAL_CORE_BINDINGS_VALUES_H
#define METAL_CORE_BINDINGS_VALUES_H

#include <napi.h>

#include <string>
#include <vector>

#include "handles.h"

namespace metal_core {

// The largest integer that a JavaScript number holds exactly.
constexpr uint64_t kMaxInteger = (uint64_t{1} << 53) - 1;

// Memory of JavaScript: valid until JavaScript runs again, never to be kept.
struct Bytes {
  const uint8_t* data = nullptr;
  uint64_t size = 0;
};

// The arguments of one native function.
class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* op) : info_(info), op_(op) {}

  Napi::Env env() const { return info_.Env(); }
  Napi::Value value(size_t i) const { return info_[i]; }
  Napi::Object object(size_t i) const { return info_[i].As<Napi::Object>(); }

  uint64_t integer(size_t i, const char* name, uint64_t least, uint64_t most) const;
  bool boolean(size_t i, const char* name) const;
  // UTF-8 without NUL characters.
  std::string string(size_t i, const char* name) const;
  std::string stringOrEmpty(size_t i, const char* name) const;
  std::vector<std::string> strings(size_t i, const char* name) const;
  // A Float64Array of non-negative integers.
  std::vector<uint64_t> integers(size_t i, const char* name) const;
  // A Uint8Array that is not detached.
  Bytes bytes(size_t i, const char* name) const;
  Napi::Array array(size_t i, const char* name) const;
  bool absent(size_t i) const { return info_[i].IsUndefined() || info_[i].IsNull(); }

  template <class T>
  T& handle(size_t i, const char* name) const {
    T* found = tryUnwrap<T>(info_[i]);
    if (!found) expected(name, T::kName, info_[i]);
    return *found;
  }

  // Throw kDisposed.
  Device& live(const DeviceState& state) const;
  const std::shared_ptr<Buffer>& live(const BufferHandle& handle) const;
  Library& live(const LibraryState& state) const;
  const std::shared_ptr<Graph>& live(const GraphHandle& handle) const;

  [[noreturn]] void expected(const std::string& name, const std::string& what, const Napi::Value& got) const;
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  [[noreturn]] void disposed(const char* what) const;
  const Napi::CallbackInfo& info_;
  const char* op_;
};

// What a value is, for messages: "number -1", "object", ...
std::string describe(const Napi::Value& value);

// Whether the value is an attached Uint8Array; if so, its bytes.
bool toBytes(const Napi::Value& value, Bytes& bytes);

// Wraps a binding so that no C++ exception leaves it.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (const Error& error) {
    throw toJavaScript(info.Env(), error);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw toJavaScript(info.Env(), Error(ErrorCode::kOutOfMemory, "[metal-core] expected memory, got none; dispose buffers"));
  } catch (const std::exception& error) {
    throw toJavaScript(info.Env(), Error(ErrorCode::kArgument, std::string("[metal-core] ") + error.what()));
  }
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void define(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New(exports.Env(), guarded<function>, name));
}

void defineDevice(Napi::Object& exports);
void defineBuffer(Napi::Object& exports);
void defineLibrary(Napi::Object& exports);
void defineGraph(Napi::Object& exports);

}  // namespace metal_core
#endif
