// The functions of GNU libobjc that are used, as its <objc/runtime.h> declares them. That header lies in a folder of
// gcc's that clang does not search.
#ifndef METAL_SIM_OBJC_RUNTIME_H
#define METAL_SIM_OBJC_RUNTIME_H

#include <cstddef>

extern "C" {
const char* class_getName(Class type);
size_t class_getInstanceSize(Class type);
Class class_getSuperclass(Class type);
Protocol** class_copyProtocolList(Class type, unsigned int* count);
BOOL class_respondsToSelector(Class type, SEL selector);
Class object_setClass(id object, Class type);
BOOL sel_isEqual(SEL one, SEL other);
}

// Inline in that header, for speed: the first word of an object.
inline Class object_getClass(id object) { return object ? *reinterpret_cast<Class*>(object) : Nil; }

// The beginning of a protocol, which libobjc's functions only read once its class is set: clang never sets it in what
// @protocol(…) gives.
struct ProtocolLayout {
  Class type;
  const char* name;
  const struct ProtocolList* adopted;
};
struct ProtocolList {
  const ProtocolList* next;
  size_t count;
  const ProtocolLayout* protocols[1];
};

#endif
