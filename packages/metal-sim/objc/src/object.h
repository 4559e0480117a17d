// Objects of the stand-in classes: what is in front of each, and the C++ state behind it.
//
// No class has instance variables (the GNU runtime's fragile layout would show them in the headers): before each object
// lie its reference count and a pointer to its state.
#ifndef METAL_SIM_OBJC_OBJECT_H
#define METAL_SIM_OBJC_OBJECT_H

#import <Foundation/Foundation.h>

#include <atomic>
#include <cstdint>
#include <utility>

#define METAL_SIM_UNUSED __attribute__((unused))

namespace metal_sim {

// Destroyed when its object is deallocated.
struct State {
  virtual ~State() = default;
};

struct ObjectHeader {
  std::atomic<int64_t> references;
  State* state;
};
static_assert(sizeof(ObjectHeader) == 16, "objects stay aligned");

inline ObjectHeader& headerOf(id object) { return reinterpret_cast<ObjectHeader*>(object)[-1]; }

// The state of an object that has some. The class of the receiver vouches for the type.
template <class T>
T& stateOf(id object) {
  return *static_cast<T*>(headerOf(object).state);
}

// Gives a new object its state; returns the object.
template <class T, class Object, class... Arguments>
Object* withState(Object* object, Arguments&&... arguments) {
  delete headerOf(object).state;
  headerOf(object).state = new T(std::forward<Arguments>(arguments)...);
  return object;
}

// For the one object of a kind that lives as long as the process: not counted among the live ones.
id immortalObject(id object);
template <class Object>
Object* immortal(Object* object) {
  return static_cast<Object*>(immortalObject(object));
}

// A strong reference.
template <class Pointer>
class Strong {
 public:
  Strong() = default;
  explicit Strong(Pointer object) : object_([object retain]) {}
  Strong(const Strong& other) : object_([other.object_ retain]) {}
  Strong(Strong&& other) noexcept : object_(std::exchange(other.object_, nil)) {}
  Strong& operator=(Strong other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Strong() { [object_ release]; }

  // Takes over a reference that the caller owns.
  static Strong adopt(Pointer object) {
    Strong result;
    result.object_ = object;
    return result;
  }

  Pointer get() const { return object_; }
  Pointer autoreleased() const { return [[object_ retain] autorelease]; }
  explicit operator bool() const { return object_ != nil; }

 private:
  Pointer object_ = nil;
};

}  // namespace metal_sim
#endif
