#ifndef METAL_SIM_OBJC_BUFFER_H
#define METAL_SIM_OBJC_BUFFER_H

#include <memory>

#include "../runner/memory.h"
#include "base.h"

@interface SimBuffer : SimObject <MTLBuffer>
@end

namespace metal_sim {

// The three ways to make a buffer; nil when there is no memory. `bytes` may be null.
id<MTLBuffer> makeBuffer(id<MTLDevice> device, const void* bytes, NSUInteger length, MTLResourceOptions options,
                         const char* method);
id<MTLBuffer> wrapBuffer(id<MTLDevice> device, void* bytes, NSUInteger length, MTLResourceOptions options,
                         void (^deallocator)(void*, NSUInteger));
const std::shared_ptr<Memory>& memoryOf(id<MTLBuffer> buffer);

// The largest buffer that a device makes.
NSUInteger maxBufferLength();

}  // namespace metal_sim
#endif
