// What all objects of a device share.
#ifndef METAL_SIM_OBJC_BASE_H
#define METAL_SIM_OBJC_BASE_H

#import <Metal/Metal.h>

#include <mutex>

#include "../foundation/error.h"
#include "../foundation/string.h"
#include "../object.h"
#include "validation.h"

namespace metal_sim {

struct DeviceObject : State {
  explicit DeviceObject(id<MTLDevice> device) : device(device) {}
  Strong<id<MTLDevice>> device;
  std::mutex labelMutex;
  Strong<NSString*> label;
};

}  // namespace metal_sim

// Its state derives from DeviceObject.
@interface SimObject : NSObject
@property(readonly) id<MTLDevice> device;
@property(copy) NSString* label;
@end

#endif
