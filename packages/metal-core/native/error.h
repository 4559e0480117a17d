// Errors of the native side. The bindings turn them into JavaScript errors with `code`; TypeScript gives each its class.
#ifndef METAL_CORE_ERROR_H
#define METAL_CORE_ERROR_H

#include <exception>
#include <string>
#include <utility>

namespace metal_core {

enum class ErrorCode {
  kArgument,     // a wrong type, range, alignment, or another device's object
  kDisposed,     // the object, or its device, was disposed
  kOutOfMemory,  // the system has no memory left for it
  kFile,         // a file cannot be opened or mapped
  kLibrary,      // a kernel library cannot be loaded, or its table is malformed
  kKernel,       // a kernel refused a dispatch or failed while it ran
  kUnavailable,  // the backend cannot be had here
  kQueueFull,    // too many submissions in flight
  kDeviceLost,   // the system took the device away: nothing of it works any more
};

// The names that JavaScript sees as `error.code`.
inline const char* codeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kArgument: return "ERR_METAL_CORE_ARGUMENT";
    case ErrorCode::kDisposed: return "ERR_METAL_CORE_DISPOSED";
    case ErrorCode::kOutOfMemory: return "ERR_METAL_CORE_OUT_OF_MEMORY";
    case ErrorCode::kFile: return "ERR_METAL_CORE_FILE";
    case ErrorCode::kLibrary: return "ERR_METAL_CORE_LIBRARY";
    case ErrorCode::kKernel: return "ERR_METAL_CORE_KERNEL";
    case ErrorCode::kUnavailable: return "ERR_METAL_CORE_UNAVAILABLE";
    case ErrorCode::kQueueFull: return "ERR_METAL_CORE_QUEUE_FULL";
    case ErrorCode::kDeviceLost: return "ERR_METAL_CORE_DEVICE_LOST";
  }
  return "ERR_METAL_CORE_ARGUMENT";
}

// `message` reads `[op] expected X, got Y; the fix`.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}
  // A failure of a kernel also carries whose it was.
  Error(ErrorCode code, std::string message, std::string kernel, std::string label)
      : code_(code), message_(std::move(message)), kernel_(std::move(kernel)), label_(std::move(label)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& kernel() const { return kernel_; }
  const std::string& label() const { return label_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_, kernel_, label_;
};

}  // namespace metal_core
#endif
