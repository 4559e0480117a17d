// URLs of files only.
#include <unistd.h>

#include "../object.h"
#include "string.h"

namespace {

struct Path : metal_sim::State {
  explicit Path(NSString* path) : path([path copy]) {}
  ~Path() override { [path release]; }
  NSString* path;
};

}  // namespace

@implementation NSURL

- (instancetype)initFileURLWithPath:(NSString*)path {
  return metal_sim::withState<Path>(self, path);
}

+ (NSURL*)fileURLWithPath:(NSString*)path {
  return [[[self alloc] initFileURLWithPath:path] autorelease];
}

- (NSString*)path {
  return metal_sim::stateOf<Path>(self).path;
}

- (const char*)fileSystemRepresentation {
  return self.path.UTF8String;
}

- (BOOL)isFileURL {
  return YES;
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

- (NSString*)description {
  return [@"file://" stringByAppendingString:self.path];
}

@end
