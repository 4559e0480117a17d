#ifndef METAL_SIM_OBJC_ERROR_H
#define METAL_SIM_OBJC_ERROR_H

#import <Foundation/Foundation.h>

#include <string_view>

namespace metal_sim {

// Autoreleased, with its NSLocalizedDescriptionKey.
NSError* error(NSErrorDomain domain, NSInteger code, std::string_view description);

// What methods with an `error:` do: sets `*target` if it is there.
inline void tell(NSError** target, NSError* error) {
  if (target) *target = error;
}

}  // namespace metal_sim
#endif
