#include "error.h"

#include <string>

#include "../object.h"
#include "string.h"

NSErrorDomain const NSCocoaErrorDomain = @"NSCocoaErrorDomain";
NSErrorDomain const NSPOSIXErrorDomain = @"NSPOSIXErrorDomain";
NSErrorUserInfoKey const NSUnderlyingErrorKey = @"NSUnderlyingError";
NSErrorUserInfoKey const NSLocalizedDescriptionKey = @"NSLocalizedDescription";
NSErrorUserInfoKey const NSLocalizedFailureReasonErrorKey = @"NSLocalizedFailureReason";

namespace {

struct Failure : metal_sim::State {
  Failure(NSErrorDomain domain, NSInteger code, NSDictionary* info)
      : domain([domain copy]), code(code), info(info ? [info copy] : [[NSDictionary alloc] init]) {}
  ~Failure() override {
    [domain release];
    [info release];
  }
  NSErrorDomain domain;
  NSInteger code;
  NSDictionary* info;
};

}  // namespace

NSError* metal_sim::error(NSErrorDomain domain, NSInteger code, std::string_view description) {
  NSDictionary* info = [NSDictionary dictionaryWithObject:string(description) forKey:NSLocalizedDescriptionKey];
  return [NSError errorWithDomain:domain code:code userInfo:info];
}

@implementation NSError

- (instancetype)initWithDomain:(NSErrorDomain)domain code:(NSInteger)code userInfo:(NSDictionary*)userInfo {
  return metal_sim::withState<Failure>(self, domain, code, userInfo);
}

+ (instancetype)errorWithDomain:(NSErrorDomain)domain code:(NSInteger)code userInfo:(NSDictionary*)userInfo {
  return [[[self alloc] initWithDomain:domain code:code userInfo:userInfo] autorelease];
}

- (NSErrorDomain)domain {
  return metal_sim::stateOf<Failure>(self).domain;
}

- (NSInteger)code {
  return metal_sim::stateOf<Failure>(self).code;
}

- (NSDictionary*)userInfo {
  return metal_sim::stateOf<Failure>(self).info;
}

- (NSString*)localizedDescription {
  NSString* given = [self.userInfo objectForKey:NSLocalizedDescriptionKey];
  if (given) return given;
  return metal_sim::string("The operation couldn't be completed. (" + metal_sim::utf8(self.domain) + " error " +
                           std::to_string(self.code) + ".)");
}

- (NSString*)localizedFailureReason {
  return [self.userInfo objectForKey:NSLocalizedFailureReasonErrorKey];
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

- (NSString*)description {
  return metal_sim::string("Error Domain=" + metal_sim::utf8(self.domain) + " Code=" + std::to_string(self.code) +
                           " \"" + metal_sim::utf8(self.localizedDescription) + "\"");
}

@end
