#include "values.h"

#include <cmath>

namespace metal_core {
namespace {

// -1 when the value is no integer from 0 to 2^53 - 1.
double wholeNumber(double number) {
  return std::isfinite(number) && number >= 0 && number <= static_cast<double>(kMaxInteger) &&
                 std::floor(number) == number
             ? number
             : -1;
}

}  // namespace

std::string describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: {
      const double number = value.As<Napi::Number>().DoubleValue();
      if (wholeNumber(number) >= 0) return "number " + std::to_string(static_cast<uint64_t>(number));
      return "number " + std::to_string(number);
    }
    case napi_string: return "a string";
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    case napi_external: return "an external";
    case napi_object: return value.IsTypedArray() ? "a typed array" : value.IsArray() ? "an array" : "an object";
  }
  return "something else";
}

bool toBytes(const Napi::Value& value, Bytes& bytes) {
  if (!value.IsTypedArray()) return false;
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, &buffer, &offset) != napi_ok) return false;
  if (type != napi_uint8_array) return false;
  bytes = {static_cast<const uint8_t*>(data), length};
  return length > 0 && data != nullptr;
}

uint64_t Arguments::integer(size_t i, const char* name, uint64_t least, uint64_t most) const {
  const Napi::Value value = info_[i];
  if (value.IsNumber()) {
    const double number = wholeNumber(value.As<Napi::Number>().DoubleValue());
    if (number >= static_cast<double>(least) && number <= static_cast<double>(most)) return static_cast<uint64_t>(number);
  }
  expected(name, "an integer from " + std::to_string(least) + " to " + std::to_string(most), value);
}

bool Arguments::boolean(size_t i, const char* name) const {
  if (!info_[i].IsBoolean()) expected(name, "a boolean", info_[i]);
  return info_[i].As<Napi::Boolean>().Value();
}

std::string Arguments::string(size_t i, const char* name) const {
  if (!info_[i].IsString()) expected(name, "a string", info_[i]);
  std::string text = info_[i].As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) refuse(std::string("expected ") + name + " without NUL characters, got one");
  return text;
}

std::string Arguments::stringOrEmpty(size_t i, const char* name) const { return absent(i) ? "" : string(i, name); }

Napi::Array Arguments::array(size_t i, const char* name) const {
  if (!info_[i].IsArray()) expected(name, "an array", info_[i]);
  return info_[i].As<Napi::Array>();
}

std::vector<std::string> Arguments::strings(size_t i, const char* name) const {
  const Napi::Array items = array(i, name);
  const uint32_t count = items.Length();
  if (count > 4096) refuse(std::string("expected at most 4096 ") + name + ", got " + std::to_string(count));
  std::vector<std::string> result;
  for (uint32_t k = 0; k < count; k++) {
    const Napi::Value item = items.Get(k);
    if (!item.IsString()) expected(name, "strings", item);
    result.push_back(item.As<Napi::String>().Utf8Value());
  }
  return result;
}

std::vector<uint64_t> Arguments::integers(size_t i, const char* name) const {
  const Napi::Value value = info_[i];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    expected(name, "a Float64Array", value);
  }
  const Napi::Float64Array numbers = value.As<Napi::Float64Array>();
  std::vector<uint64_t> result;
  result.reserve(numbers.ElementLength());
  for (size_t k = 0; k < numbers.ElementLength(); k++) {
    const double number = wholeNumber(numbers.Data()[k]);
    if (number < 0) {
      refuse(std::string("expected ") + name + " to be integers from 0 to 2^53 - 1, got " +
             std::to_string(numbers.Data()[k]));
    }
    result.push_back(static_cast<uint64_t>(number));
  }
  return result;
}

Bytes Arguments::bytes(size_t i, const char* name) const {
  Bytes bytes;
  if (!toBytes(info_[i], bytes)) expected(name, "a Uint8Array of at least 1 byte that is not detached", info_[i]);
  return bytes;
}

Device& Arguments::live(const DeviceState& state) const {
  if (!state.device) disposed("device");
  return *state.device;
}

const std::shared_ptr<Buffer>& Arguments::live(const BufferHandle& handle) const {
  if (!handle.buffer) disposed("buffer");
  return handle.buffer;
}

Library& Arguments::live(const LibraryState& state) const {
  if (!state.library) disposed("library");
  return *state.library;
}

const std::shared_ptr<Graph>& Arguments::live(const GraphHandle& handle) const {
  if (!handle.graph) disposed("graph");
  return handle.graph;
}

void Arguments::expected(const std::string& name, const std::string& what, const Napi::Value& got) const {
  refuse("expected " + name + " to be " + what + ", got " + describe(got));
}

void Arguments::refuse(const std::string& what) const {
  throw Error(ErrorCode::kArgument, std::string("[") + op_ + "] " + what);
}

void Arguments::disposed(const char* what) const {
  throw Error(ErrorCode::kDisposed, std::string("[") + op_ + "] expected a live " + what +
                                        ", got a disposed one; create another, or dispose it later");
}

}  // namespace metal_core
