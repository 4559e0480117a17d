// Ownership of Objective-C objects without ARC, so that the backend also compiles where the runtime has none (Linux, for
// tests). By Cocoa's rules alloc, new... and copy give an object that the caller owns; everything else is borrowed.
#ifndef METAL_CORE_METAL_RETAINED_H
#define METAL_CORE_METAL_RETAINED_H

#import <Foundation/Foundation.h>

#include <utility>

namespace metal_core {

// T is a pointer type: id<MTLBuffer>, NSString*.
template <class T>
class Retained {
 public:
  Retained() = default;
  // Takes over what the caller owns.
  static Retained adopt(T object) {
    Retained result;
    result.object_ = object;
    return result;
  }
  // Retains what was borrowed.
  static Retained share(T object) {
    [object retain];
    return adopt(object);
  }
  Retained(const Retained& other) : object_(other.object_) { [object_ retain]; }
  Retained(Retained&& other) noexcept : object_(std::exchange(other.object_, nil)) {}
  Retained& operator=(Retained other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Retained() { [object_ release]; }

  T get() const { return object_; }
  explicit operator bool() const { return object_ != nil; }

 private:
  T object_ = nil;
};

// Around everything that calls Metal on a thread of ours or of JavaScript: borrowed objects end with it. An object, not
// @autoreleasepool: that one is not emptied when a C++ exception leaves it.
class AutoreleasePool {
 public:
  AutoreleasePool() : pool_([[NSAutoreleasePool alloc] init]) {}
  ~AutoreleasePool() { [pool_ drain]; }
  AutoreleasePool(const AutoreleasePool&) = delete;
  AutoreleasePool& operator=(const AutoreleasePool&) = delete;

 private:
  NSAutoreleasePool* pool_;
};

}  // namespace metal_core
#endif
