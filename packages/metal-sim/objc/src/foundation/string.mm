// Strings keep UTF-8; lengths are told in UTF-16 code units, as Foundation's are.
#include "string.h"

#include <cstdlib>
#include <functional>

#include "../object.h"

namespace {

struct Text : metal_sim::State {
  explicit Text(std::string_view bytes) : bytes(bytes) {}
  std::string bytes;
};

// Bytes 10xxxxxx continue a code point; those of four bytes are two code units.
NSUInteger codeUnits(std::string_view bytes) {
  NSUInteger units = 0;
  for (unsigned char byte : bytes) units += (byte & 0xc0) != 0x80 ? (byte >= 0xf0 ? 2 : 1) : 0;
  return units;
}

}  // namespace

std::string metal_sim::utf8(NSString* string) { return string ? string.UTF8String : ""; }

NSString* metal_sim::string(std::string_view bytes) {
  return [[[NSString alloc] initWithBytes:bytes.data() length:bytes.size() encoding:NSUTF8StringEncoding] autorelease];
}

@implementation NSString

- (instancetype)init {
  return metal_sim::withState<Text>(self, "");
}

- (instancetype)initWithUTF8String:(const char*)bytes {
  return metal_sim::withState<Text>(self, bytes);
}

- (instancetype)initWithBytes:(const void*)bytes length:(NSUInteger)length encoding:(NSStringEncoding)encoding {
  if (encoding != NSUTF8StringEncoding && encoding != NSASCIIStringEncoding) {
    [self release];
    return nil;
  }
  return metal_sim::withState<Text>(self, std::string_view(static_cast<const char*>(bytes), length));
}

- (instancetype)initWithBytesNoCopy:(void*)bytes
                             length:(NSUInteger)length
                           encoding:(NSStringEncoding)encoding
                       freeWhenDone:(BOOL)freeWhenDone {
  self = [self initWithBytes:bytes length:length encoding:encoding];
  if (self && freeWhenDone) std::free(bytes);
  return self;
}

+ (instancetype)string {
  return [[[self alloc] init] autorelease];
}

+ (instancetype)stringWithUTF8String:(const char*)bytes {
  return [[[self alloc] initWithUTF8String:bytes] autorelease];
}

+ (instancetype)stringWithString:(NSString*)other {
  return [self stringWithUTF8String:other.UTF8String];
}

- (const char*)UTF8String {
  return metal_sim::stateOf<Text>(self).bytes.c_str();
}

- (NSUInteger)length {
  return codeUnits(self.UTF8String);
}

- (NSUInteger)lengthOfBytesUsingEncoding:(NSStringEncoding)encoding {
  std::string_view bytes = self.UTF8String;
  return encoding == NSUTF8StringEncoding || codeUnits(bytes) == bytes.size() ? bytes.size() : 0;
}

- (BOOL)isEqualToString:(NSString*)other {
  return other && std::string_view(self.UTF8String) == other.UTF8String;
}

- (BOOL)isEqual:(id)other {
  return self == other || ([other isKindOfClass:[NSString class]] && [self isEqualToString:other]);
}

- (NSUInteger)hash {
  return std::hash<std::string_view>()(self.UTF8String);
}

- (BOOL)hasPrefix:(NSString*)prefix {
  return std::string_view(self.UTF8String).starts_with(prefix.UTF8String);
}

- (NSString*)stringByAppendingString:(NSString*)other {
  return metal_sim::string(std::string(self.UTF8String) + other.UTF8String);
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

- (NSString*)description {
  return self;
}

@end

// Lies in the program's data: nothing is before it, nothing is counted.
@implementation NSConstantString

- (const char*)UTF8String {
  return bytes_;
}

- (instancetype)retain {
  return self;
}

- (oneway void)release {
}

- (instancetype)autorelease {
  return self;
}

- (NSUInteger)retainCount {
  return NSUIntegerMax;
}

@end
