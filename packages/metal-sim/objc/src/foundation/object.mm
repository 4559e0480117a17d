#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <string>

#include "../object.h"
#include "live_objects.h"
#include "runtime.h"

using metal_sim::headerOf;
using metal_sim::ObjectHeader;

namespace {

std::mutex liveMutex;
std::map<Class, size_t> live;

void count(Class type, int change) {
  std::lock_guard lock(liveMutex);
  if ((live[type] += change) == 0) live.erase(type);
}

// Whether the protocol has this name or adopts one that has.
bool is(const ProtocolLayout* protocol, const char* name) {
  if (std::strcmp(protocol->name, name) == 0) return true;
  for (const ProtocolList* list = protocol->adopted; list; list = list->next) {
    for (size_t i = 0; i < list->count; ++i) {
      if (is(list->protocols[i], name)) return true;
    }
  }
  return false;
}

}  // namespace

std::map<std::string, size_t> metal_sim::liveObjects() {
  std::map<std::string, size_t> result;
  std::lock_guard lock(liveMutex);
  for (const auto& [type, number] : live) {
    std::string name = class_getName(type);
    // SimBuffer implements MTLBuffer: callers know the protocol.
    if (name.starts_with("Sim")) name = "MTL" + name.substr(3);
    result[name] += number;
  }
  return result;
}

id metal_sim::immortalObject(id object) {
  count(object_getClass(object), -1);
  return object;
}

@implementation NSObject

+ (void)load {
}

+ (void)initialize {
}

+ (instancetype)alloc {
  Class type = (Class)self;
  auto* memory = static_cast<char*>(std::calloc(1, sizeof(ObjectHeader) + class_getInstanceSize(type)));
  if (!memory) throw std::bad_alloc();
  new (memory) ObjectHeader{1, nullptr};
  id object = reinterpret_cast<id>(memory + sizeof(ObjectHeader));
  object_setClass(object, type);
  count(type, 1);
  return object;
}

+ (instancetype)new {
  return [[self alloc] init];
}

- (instancetype)init {
  return self;
}

- (void)dealloc {
  count(object_getClass(self), -1);
  delete headerOf(self).state;
  std::free(&headerOf(self));
}

- (instancetype)retain {
  headerOf(self).references.fetch_add(1, std::memory_order_relaxed);
  return self;
}

- (oneway void)release {
  if (headerOf(self).references.fetch_sub(1, std::memory_order_acq_rel) == 1) [self dealloc];
}

- (instancetype)autorelease {
  [NSAutoreleasePool addObject:self];
  return self;
}

- (NSUInteger)retainCount {
  return static_cast<NSUInteger>(headerOf(self).references.load());
}

- (id)copy {
  return [(id<NSCopying>)self copyWithZone:nullptr];
}

- (BOOL)isEqual:(id)other {
  return self == other;
}

- (NSUInteger)hash {
  return reinterpret_cast<NSUInteger>(self) >> 4;
}

- (Class)superclass {
  return class_getSuperclass(object_getClass(self));
}

+ (Class)class {
  return (Class)self;
}

- (Class)class {
  return object_getClass(self);
}

- (instancetype)self {
  return self;
}

- (BOOL)isKindOfClass:(Class)type {
  for (Class c = object_getClass(self); c != Nil; c = class_getSuperclass(c)) {
    if (c == type) return YES;
  }
  return NO;
}

- (BOOL)isMemberOfClass:(Class)type {
  return object_getClass(self) == type;
}

+ (BOOL)conformsToProtocol:(Protocol*)protocol {
  const char* name = reinterpret_cast<const ProtocolLayout*>(protocol)->name;
  for (Class c = (Class)self; c != Nil; c = class_getSuperclass(c)) {
    unsigned int number = 0;
    Protocol** adopted = class_copyProtocolList(c, &number);
    bool found = false;
    for (unsigned int i = 0; i < number; ++i)
      found = found || is(reinterpret_cast<const ProtocolLayout*>(adopted[i]), name);
    std::free(adopted);
    if (found) return YES;
  }
  return NO;
}

- (BOOL)conformsToProtocol:(Protocol*)protocol {
  return [object_getClass(self) conformsToProtocol:protocol];
}

+ (BOOL)instancesRespondToSelector:(SEL)selector {
  return class_respondsToSelector((Class)self, selector);
}

- (BOOL)respondsToSelector:(SEL)selector {
  return class_respondsToSelector(object_getClass(self), selector);
}

+ (NSString*)description {
  return [NSString stringWithUTF8String:class_getName((Class)self)];
}

- (NSString*)description {
  return [NSString stringWithUTF8String:("<" + std::string(class_getName(object_getClass(self))) + ">").c_str()];
}

- (NSString*)debugDescription {
  return [self description];
}

@end
