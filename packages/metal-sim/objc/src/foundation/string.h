#ifndef METAL_SIM_OBJC_STRING_H
#define METAL_SIM_OBJC_STRING_H

#import <Foundation/Foundation.h>

#include <string>
#include <string_view>

namespace metal_sim {

// The UTF-8 bytes; empty for nil.
std::string utf8(NSString* string);
// Autoreleased.
NSString* string(std::string_view bytes);

}  // namespace metal_sim
#endif
