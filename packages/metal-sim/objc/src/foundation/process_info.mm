#include <unistd.h>

#include <atomic>
#include <string>
#include <tuple>

#include "../metal/configuration.h"
#include "../object.h"
#include "string.h"

@implementation NSProcessInfo

+ (NSProcessInfo*)processInfo {
  // The one object that is never given back; not counted as live.
  static NSProcessInfo* const only = metal_sim::immortal([[NSProcessInfo alloc] init]);
  return only;
}

- (NSOperatingSystemVersion)operatingSystemVersion {
  return metal_sim::operatingSystem();
}

- (BOOL)isOperatingSystemAtLeastVersion:(NSOperatingSystemVersion)wanted {
  const NSOperatingSystemVersion is = metal_sim::operatingSystem();
  return std::tie(is.majorVersion, is.minorVersion, is.patchVersion) >=
         std::tie(wanted.majorVersion, wanted.minorVersion, wanted.patchVersion);
}

- (NSString*)operatingSystemVersionString {
  const NSOperatingSystemVersion is = metal_sim::operatingSystem();
  return metal_sim::string("Version " + std::to_string(is.majorVersion) + "." + std::to_string(is.minorVersion) +
                           " (metal-sim)");
}

- (unsigned long long)physicalMemory {
  return static_cast<unsigned long long>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<unsigned long long>(sysconf(_SC_PAGESIZE));
}

- (NSUInteger)processorCount {
  return static_cast<NSUInteger>(sysconf(_SC_NPROCESSORS_ONLN));
}

@end
