// The runtime of blocks after clang's "Block Implementation Specification" (clang.llvm.org/docs/Block-ABI-Apple.html),
// with the difference to libBlocksRuntime that a copied block retains the objects it captures, as on Apple's systems.
#import <Block.h>
#import <Foundation/NSObject.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

enum : int32_t {
  kCountMask = 0xffff,
  kNeedsFree = 1 << 24,
  kHasCopyDispose = 1 << 25,
  kIsGlobal = 1 << 28,
};

enum : int { kObject = 3, kBlock = 7, kByref = 8, kWeak = 16, kCaller = 128 };

struct Descriptor {
  uintptr_t reserved, size;
  // Present when kHasCopyDispose.
  void (*copy)(void* to, const void* from);
  void (*dispose)(const void* block);
};

struct Layout {
  void* isa;
  int32_t flags;
  int32_t reserved;
  void (*invoke)(void*, ...);
  Descriptor* descriptor;
};

// A __block variable; what the compiler's helpers keep follows when kHasCopyDispose.
struct Byref {
  void* isa;
  Byref* forwarding;
  int32_t flags;
  uint32_t size;
  void (*keep)(Byref* to, Byref* from);
  void (*destroy)(Byref* byref);
};

void increment(int32_t& flags) { std::atomic_ref(flags).fetch_add(1, std::memory_order_relaxed); }

// Whether that was the last reference.
bool decrement(int32_t& flags) {
  return (std::atomic_ref(flags).fetch_sub(1, std::memory_order_acq_rel) & kCountMask) == 1;
}

// The variable moves to the heap with the first block that is copied; two references: the block's and the stack
// frame's.
Byref* moveByref(Byref* byref) {
  Byref* heap = byref->forwarding;
  if (heap->flags & kNeedsFree) {
    increment(heap->flags);
    return heap;
  }
  heap = static_cast<Byref*>(std::malloc(byref->size));
  std::memcpy(heap, byref, byref->size);
  heap->flags = (byref->flags & ~kCountMask) | kNeedsFree | 2;
  heap->forwarding = byref->forwarding = heap;
  if (byref->flags & kHasCopyDispose) byref->keep(heap, byref);
  return heap;
}

void releaseByref(Byref* byref) {
  Byref* heap = byref->forwarding;
  if (!(heap->flags & kNeedsFree) || !decrement(heap->flags)) return;
  if (heap->flags & kHasCopyDispose) heap->destroy(heap);
  std::free(heap);
}

}  // namespace

extern "C" {

void* _NSConcreteGlobalBlock[32];
void* _NSConcreteStackBlock[32];
void* _NSConcreteMallocBlock[32];

void* _Block_copy(const void* block) {
  if (!block) return nullptr;
  auto* from = static_cast<Layout*>(const_cast<void*>(block));
  if (from->flags & kIsGlobal) return from;
  if (from->flags & kNeedsFree) {
    increment(from->flags);
    return from;
  }
  auto* to = static_cast<Layout*>(std::malloc(from->descriptor->size));
  std::memcpy(to, from, from->descriptor->size);
  to->isa = _NSConcreteMallocBlock;
  to->flags = (from->flags & ~kCountMask) | kNeedsFree | 1;
  if (to->flags & kHasCopyDispose) to->descriptor->copy(to, from);
  return to;
}

void _Block_release(const void* block) {
  auto* layout = static_cast<Layout*>(const_cast<void*>(block));
  if (!layout || !(layout->flags & kNeedsFree) || !decrement(layout->flags)) return;
  if (layout->flags & kHasCopyDispose) layout->descriptor->dispose(layout);
  std::free(layout);
}

// What the compiler's copy and dispose helpers call for each captured variable.
void _Block_object_assign(void* to, const void* object, const int kind) {
  auto** slot = static_cast<const void**>(to);
  switch (kind & ~kWeak) {
    case kObject:
      *slot = [static_cast<id>(const_cast<void*>(object)) retain];
      break;
    case kBlock:
      *slot = _Block_copy(object);
      break;
    case kByref:
      *slot = moveByref(static_cast<Byref*>(const_cast<void*>(object)));
      break;
    default:
      *slot = object;  // of a __block variable: not retained without ARC
  }
}

void _Block_object_dispose(const void* object, const int kind) {
  switch (kind & ~kWeak) {
    case kObject:
      [static_cast<id>(const_cast<void*>(object)) release];
      break;
    case kBlock:
      _Block_release(object);
      break;
    case kByref:
      releaseByref(static_cast<Byref*>(const_cast<void*>(object)));
      break;
    default:
      break;
  }
}

}  // extern "C"
