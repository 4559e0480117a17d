// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@class NSProcessInfo;
@class NSString;

typedef struct {
  NSInteger majorVersion;
  NSInteger minorVersion;
  NSInteger patchVersion;
} NSOperatingSystemVersion;

@interface NSProcessInfo : NSObject
@property (class, readonly, strong) NSProcessInfo *processInfo;
@property (readonly) NSOperatingSystemVersion operatingSystemVersion API_AVAILABLE(macos(10.10));
- (BOOL)isOperatingSystemAtLeastVersion:(NSOperatingSystemVersion)argument0 API_AVAILABLE(macos(10.10));
@property (readonly, copy) NSString *operatingSystemVersionString;
@property (readonly) unsigned long long physicalMemory API_AVAILABLE(macos(10.5));
@property (readonly) NSUInteger processorCount API_AVAILABLE(macos(10.5));
@end

NS_ASSUME_NONNULL_END
