// Strings and errors of Foundation, as the rest of the code knows them.
#ifndef METAL_CORE_METAL_TEXT_H
#define METAL_CORE_METAL_TEXT_H

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

#include <string>

#include "../error.h"

namespace metal_core {

// Borrowed. Text that is not UTF-8 gives an empty string.
NSString* toFoundation(const std::string& text);
std::string fromFoundation(NSString* text);

// What the system says of it, or "no reason".
std::string reasonOf(NSError* error);

// Why a command buffer that has completed failed: kOutOfMemory, kDeviceLost, or kKernel with the system's message.
Error failureOf(id<MTLCommandBuffer> commands, const char* op);

}  // namespace metal_core
#endif
