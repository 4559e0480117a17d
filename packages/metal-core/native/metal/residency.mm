#include "residency.h"

#include "sdk.h"

namespace metal_core {
namespace {

[[maybe_unused]] constexpr NSUInteger kLeastBytes = 1 << 20;  // unused with an SDK before macOS 15's

}  // namespace

Residency::Residency(id<MTLDevice> device, id<MTLCommandQueue> queue)
    : queue_(Retained<id<MTLCommandQueue>>::share(queue)) {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if (![device respondsToSelector:@selector(newResidencySetWithDescriptor:error:)]) return;
    const auto descriptor =
        Retained<MTLResidencySetDescriptor*>::adopt([[MTLResidencySetDescriptor alloc] init]);
    descriptor.get().label = @"metal-core";
    id<MTLResidencySet> set = [device newResidencySetWithDescriptor:descriptor.get() error:nil];
    if (!set) return;  // then the system wires what each command buffer uses, as it did before macOS 15
    set_ = Retained<id>::adopt(set);
    [queue addResidencySet:set];
  }
#else
  (void)device;
#endif
}

Residency::~Residency() {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if (!set_) return;
    [queue_.get() removeResidencySet:set_.get()];
    [static_cast<id<MTLResidencySet>>(set_.get()) endResidency];
  }
#endif
}

void Residency::add(id<MTLBuffer> buffer) {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if (!set_ || [buffer length] < kLeastBytes) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    [static_cast<id<MTLResidencySet>>(set_.get()) addAllocation:buffer];
    changed_ = true;
  }
#else
  (void)buffer;
#endif
}

void Residency::remove(id<MTLBuffer> buffer) {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if (!set_ || [buffer length] < kLeastBytes) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    id<MTLResidencySet> set = set_.get();
    [set removeAllocation:buffer];
    [set commit];  // at once: until then the set keeps the memory
    changed_ = false;
  }
#else
  (void)buffer;
#endif
}

void Residency::update() {
#if METAL_CORE_SDK_15
  if (@available(macOS 15.0, *)) {
    if (!set_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!changed_) return;
    id<MTLResidencySet> set = set_.get();
    [set commit];
    [set requestResidency];
    changed_ = false;
  }
#endif
}

}  // namespace metal_core
