#include "text.h"

namespace metal_core {

NSString* toFoundation(const std::string& text) {
  NSString* string = [NSString stringWithUTF8String:text.c_str()];
  return string ? string : @"";
}

std::string fromFoundation(NSString* text) {
  const char* bytes = [text UTF8String];
  return bytes ? bytes : "";
}

std::string reasonOf(NSError* error) {
  const std::string reason = error ? fromFoundation([error localizedDescription]) : "";
  return reason.empty() ? "no reason" : reason;
}

Error failureOf(id<MTLCommandBuffer> commands, const char* op) {
  NSError* error = [commands error];
  const std::string prefix = std::string("[") + op + "] expected the command buffer to complete, got \"" + reasonOf(error);
  const bool ours = error && [[error domain] isEqualToString:MTLCommandBufferErrorDomain];
  switch (ours ? [error code] : MTLCommandBufferErrorInternal) {
    case MTLCommandBufferErrorOutOfMemory:
      return Error(ErrorCode::kOutOfMemory, prefix + "\"; dispose buffers, or bind less memory at once");
    // Access that was revoked, after too many hangs, does not come back to this process.
    case MTLCommandBufferErrorDeviceRemoved:
    case MTLCommandBufferErrorAccessRevoked:
    case MTLCommandBufferErrorNotPermitted:
      return Error(ErrorCode::kDeviceLost, prefix + "\"; dispose the device and create another");
    case MTLCommandBufferErrorTimeout:
      return Error(ErrorCode::kKernel, prefix + "\"; a dispatch took too long: split it");
    case MTLCommandBufferErrorPageFault:
      return Error(ErrorCode::kKernel, prefix + "\"; a kernel left its bindings");
    default:
      return Error(ErrorCode::kKernel, prefix + "\"");
  }
}

}  // namespace metal_core
