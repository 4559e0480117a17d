// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>

NS_ASSUME_NONNULL_BEGIN

typedef long NSInteger;

typedef unsigned long NSUInteger;

typedef double CFTimeInterval;

typedef NS_ENUM(NSInteger, NSComparisonResult) {
  NSOrderedAscending = -1L,
  NSOrderedSame,
  NSOrderedDescending,
};

#define NSIntegerMax LONG_MAX

#define NSUIntegerMax ULONG_MAX

#define NSNotFound NSIntegerMax

NS_ASSUME_NONNULL_END
