#include <cstdio>
#include <functional>
#include <string>
#include <type_traits>
#include <variant>

#include "../object.h"
#include "string.h"

namespace {

using Value = std::variant<bool, long long, unsigned long long, double>;

struct Number : metal_sim::State {
  explicit Number(Value value) : value(value) {}
  Value value;
};

NSNumber* number(Value value) { return [metal_sim::withState<Number>([NSNumber alloc], value) autorelease]; }

template <class T>
T as(NSNumber* number) {
  return std::visit([](auto value) { return static_cast<T>(value); }, metal_sim::stateOf<Number>(number).value);
}

}  // namespace

@implementation NSValue

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  return [self retain];
}

@end

@implementation NSNumber

+ (NSNumber*)numberWithInt:(int)value {
  return number(static_cast<long long>(value));
}
+ (NSNumber*)numberWithUnsignedInt:(unsigned int)value {
  return number(static_cast<unsigned long long>(value));
}
+ (NSNumber*)numberWithLong:(long)value {
  return number(static_cast<long long>(value));
}
+ (NSNumber*)numberWithUnsignedLong:(unsigned long)value {
  return number(static_cast<unsigned long long>(value));
}
+ (NSNumber*)numberWithLongLong:(long long)value {
  return number(value);
}
+ (NSNumber*)numberWithUnsignedLongLong:(unsigned long long)value {
  return number(value);
}
+ (NSNumber*)numberWithFloat:(float)value {
  return number(static_cast<double>(value));
}
+ (NSNumber*)numberWithDouble:(double)value {
  return number(value);
}
+ (NSNumber*)numberWithBool:(BOOL)value {
  return number(static_cast<bool>(value));
}
+ (NSNumber*)numberWithInteger:(NSInteger)value {
  return number(static_cast<long long>(value));
}
+ (NSNumber*)numberWithUnsignedInteger:(NSUInteger)value {
  return number(static_cast<unsigned long long>(value));
}

- (char)charValue {
  return as<char>(self);
}
- (int)intValue {
  return as<int>(self);
}
- (unsigned int)unsignedIntValue {
  return as<unsigned int>(self);
}
- (long long)longLongValue {
  return as<long long>(self);
}
- (unsigned long long)unsignedLongLongValue {
  return as<unsigned long long>(self);
}
- (float)floatValue {
  return as<float>(self);
}
- (double)doubleValue {
  return as<double>(self);
}
- (BOOL)boolValue {
  return as<bool>(self);
}
- (NSInteger)integerValue {
  return as<NSInteger>(self);
}
- (NSUInteger)unsignedIntegerValue {
  return as<NSUInteger>(self);
}

- (BOOL)isEqualToNumber:(NSNumber*)other {
  return as<double>(self) == as<double>(other) && as<unsigned long long>(self) == as<unsigned long long>(other);
}

- (BOOL)isEqual:(id)other {
  return [other isKindOfClass:[NSNumber class]] && [self isEqualToNumber:other];
}

- (NSUInteger)hash {
  return std::hash<double>()(as<double>(self));
}

- (NSString*)stringValue {
  return std::visit(
      [](auto value) {
        if constexpr (std::is_same_v<decltype(value), double>) {
          char text[32];
          std::snprintf(text, sizeof text, "%.17g", value);
          return metal_sim::string(text);
        } else {
          return metal_sim::string(std::to_string(value));
        }
      },
      metal_sim::stateOf<Number>(self).value);
}

- (NSString*)description {
  return self.stringValue;
}

@end
