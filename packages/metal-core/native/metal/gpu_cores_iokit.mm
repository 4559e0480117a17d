// The number of GPU cores, which Metal does not tell and the IO registry does.
#import <CoreFoundation/CoreFoundation.h>
#import <IOKit/IOKitLib.h>

#include "describe.h"

namespace metal_core {

uint32_t gpuCores(uint64_t registryId) {
  const io_service_t service = IOServiceGetMatchingService(kIOMainPortDefault, IORegistryEntryIDMatching(registryId));
  if (service == IO_OBJECT_NULL) return 0;
  // The property is on the accelerator, which is the entry itself or one of its parents.
  const CFTypeRef property = IORegistryEntrySearchCFProperty(
      service, kIOServicePlane, CFSTR("gpu-core-count"), kCFAllocatorDefault,
      kIORegistryIterateRecursively | kIORegistryIterateParents);
  IOObjectRelease(service);
  if (!property) return 0;
  int32_t cores = 0;
  const bool number = CFGetTypeID(property) == CFNumberGetTypeID() &&
                      CFNumberGetValue(static_cast<CFNumberRef>(property), kCFNumberSInt32Type, &cores);
  CFRelease(property);
  return number && cores > 0 ? static_cast<uint32_t>(cores) : 0;
}

}  // namespace metal_core
