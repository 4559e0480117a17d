// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>

NS_ASSUME_NONNULL_BEGIN

typedef struct {
  NSUInteger location;
  NSUInteger length;
} NSRange;

typedef NSRange *NSRangePointer;

static inline NSRange NSMakeRange(NSUInteger loc, NSUInteger len) {
  NSRange range = {loc, len}; return range;
}

NS_ASSUME_NONNULL_END
