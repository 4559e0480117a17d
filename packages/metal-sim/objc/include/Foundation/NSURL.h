// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSObject.h>

NS_ASSUME_NONNULL_BEGIN

@class NSString;
@class NSURL;

@interface NSURL : NSObject <NSCopying>
+ (NSURL *)fileURLWithPath:(NSString *)argument0;
- (instancetype)initFileURLWithPath:(NSString *)argument0;
@property (readonly, copy) NSString * _Nullable path;
@property (readonly) const char *fileSystemRepresentation API_AVAILABLE(macos(10.9));
@property (readonly, getter=isFileURL) BOOL fileURL;
@end

NS_ASSUME_NONNULL_END
