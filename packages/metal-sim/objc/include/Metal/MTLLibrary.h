// Made by scripts/objc-headers.ts from objc/selectors: not to be edited.
#pragma once
#import <MetalSim/Defines.h>
#import <Foundation/NSError.h>
#import <Foundation/NSObjCRuntime.h>
#import <Foundation/NSObject.h>
#import <Metal/MTLArgument.h>

NS_ASSUME_NONNULL_BEGIN

@protocol MTLDevice;
@protocol MTLFunction;
@class MTLFunctionConstant;
@class MTLFunctionConstantValues;
@class NSArray<__covariant ObjectType>;
@class NSDictionary<__covariant KeyType, __covariant ObjectType>;
@class NSError;
@class NSObject;
@class NSString;

typedef NS_ENUM(NSUInteger, MTLFunctionType) {
  MTLFunctionTypeVertex = 1,
  MTLFunctionTypeFragment = 2,
  MTLFunctionTypeKernel = 3,
  MTLFunctionTypeVisible API_AVAILABLE(macos(11.0)) = 5,
  MTLFunctionTypeIntersection API_AVAILABLE(macos(11.0)) = 6,
  MTLFunctionTypeMesh API_AVAILABLE(macos(13.0)) = 7,
  MTLFunctionTypeObject API_AVAILABLE(macos(13.0)) = 8,
} API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLLanguageVersion) {
  MTLLanguageVersion1_1 = (1 << 16) + 1,
  MTLLanguageVersion1_2 API_AVAILABLE(macos(10.12)) = (1 << 16) + 2,
  MTLLanguageVersion2_0 API_AVAILABLE(macos(10.13)) = (2 << 16),
  MTLLanguageVersion2_1 API_AVAILABLE(macos(10.14)) = (2 << 16) + 1,
  MTLLanguageVersion2_2 API_AVAILABLE(macos(10.15)) = (2 << 16) + 2,
  MTLLanguageVersion2_3 API_AVAILABLE(macos(11.0)) = (2 << 16) + 3,
  MTLLanguageVersion2_4 API_AVAILABLE(macos(12.0)) = (2 << 16) + 4,
  MTLLanguageVersion3_0 API_AVAILABLE(macos(13.0)) = (3 << 16) + 0,
  MTLLanguageVersion3_1 API_AVAILABLE(macos(14.0)) = (3 << 16) + 1,
  MTLLanguageVersion3_2 API_AVAILABLE(macos(15.0)) = (3 << 16) + 2,
} API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSInteger, MTLLibraryType) {
  MTLLibraryTypeExecutable = 0,
  MTLLibraryTypeDynamic = 1,
} API_AVAILABLE(macos(11.0));

typedef NS_ENUM(NSInteger, MTLLibraryOptimizationLevel) {
  MTLLibraryOptimizationLevelDefault = 0,
  MTLLibraryOptimizationLevelSize = 1,
} API_AVAILABLE(macos(13.0));

typedef NS_ENUM(NSInteger, MTLMathMode) {
  MTLMathModeSafe = 0,
  MTLMathModeRelaxed = 1,
  MTLMathModeFast = 2,
};

typedef NS_ENUM(NSInteger, MTLMathFloatingPointFunctions) {
  MTLMathFloatingPointFunctionsFast = 0,
  MTLMathFloatingPointFunctionsPrecise = 1,
};

FOUNDATION_EXPORT NSErrorDomain const MTLLibraryErrorDomain API_AVAILABLE(macos(10.11));

typedef NS_ENUM(NSUInteger, MTLLibraryError) {
  MTLLibraryErrorUnsupported = 1,
  MTLLibraryErrorInternal = 2,
  MTLLibraryErrorCompileFailure = 3,
  MTLLibraryErrorCompileWarning = 4,
  MTLLibraryErrorFunctionNotFound API_AVAILABLE(macos(10.12)) = 5,
  MTLLibraryErrorFileNotFound API_AVAILABLE(macos(10.12)) = 6,
} API_AVAILABLE(macos(10.11));

API_AVAILABLE(macos(10.12))
@interface MTLFunctionConstant : NSObject
@property (readonly) NSString *name;
@property (readonly) MTLDataType type;
@property (readonly) NSUInteger index;
@property (readonly) BOOL required;
@end

API_AVAILABLE(macos(10.11))
@protocol MTLFunction <NSObject>
@property (copy, atomic) NSString * _Nullable label API_AVAILABLE(macos(10.12));
@property (readonly) id<MTLDevice> device;
@property (readonly) MTLFunctionType functionType;
@property (readonly) NSDictionary<NSString *, MTLFunctionConstant *> *functionConstantsDictionary API_AVAILABLE(macos(10.12));
@property (readonly) NSString *name;
@end

API_AVAILABLE(macos(10.11))
@interface MTLCompileOptions : NSObject <NSCopying>
@property (copy, nonatomic) NSDictionary<NSString *, NSObject *> * _Nullable preprocessorMacros;
@property (nonatomic) BOOL fastMathEnabled API_DEPRECATED("", macos(10.0, 15.0));
@property (nonatomic) MTLLanguageVersion languageVersion;
@property (nonatomic) MTLLibraryType libraryType API_AVAILABLE(macos(11.0));
@property (nonatomic) BOOL preserveInvariance API_AVAILABLE(macos(11.0));
@property (nonatomic) MTLLibraryOptimizationLevel optimizationLevel API_AVAILABLE(macos(13.0));
@property (nonatomic) NSUInteger maxTotalThreadsPerThreadgroup API_AVAILABLE(macos(13.3));
@property (nonatomic) MTLMathMode mathMode API_AVAILABLE(macos(15.0));
@property (nonatomic) MTLMathFloatingPointFunctions mathFloatingPointFunctions API_AVAILABLE(macos(15.0));
@end

API_AVAILABLE(macos(10.11))
@protocol MTLLibrary <NSObject>
@property (copy, atomic) NSString * _Nullable label;
@property (readonly) id<MTLDevice> device;
- (id<MTLFunction> _Nullable)newFunctionWithName:(NSString *)argument0;
- (id<MTLFunction> _Nullable)newFunctionWithName:(NSString *)argument0 constantValues:(MTLFunctionConstantValues *)argument1 error:(__autoreleasing NSError **)argument2 API_AVAILABLE(macos(10.12));
- (void)newFunctionWithName:(NSString *)argument0 constantValues:(MTLFunctionConstantValues *)argument1 completionHandler:(void (^)(id<MTLFunction> _Nullable function, NSError * _Nullable error))argument2 API_AVAILABLE(macos(10.12));
@property (readonly) NSArray<NSString *> *functionNames;
@property (readonly) MTLLibraryType type API_AVAILABLE(macos(11.0));
@end

NS_ASSUME_NONNULL_END
