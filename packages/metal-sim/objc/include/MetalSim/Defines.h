// The macros that Apple's headers are written with, for the stand-in headers. Availability is kept: with an Apple target
// (-fsyntax-only) clang warns of what the deployment target lacks.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What <objc/objc.h> declares; its own header is neither on Apple's include path here nor on clang's.
#if defined(__APPLE__)
typedef bool BOOL;
#else
typedef unsigned char BOOL;
#endif
#define YES ((BOOL)1)
#define NO ((BOOL)0)
#define nil nullptr
#define Nil nullptr
@class Protocol;

#ifdef __cplusplus
#define FOUNDATION_EXPORT extern "C"
#else
#define FOUNDATION_EXPORT extern
#endif
#define FOUNDATION_EXTERN FOUNDATION_EXPORT
#define MTL_EXTERN FOUNDATION_EXPORT
#define NS_INLINE static inline

#ifndef NS_ASSUME_NONNULL_BEGIN
#define NS_ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define NS_ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
#endif

#define NS_RETURNS_RETAINED __attribute__((ns_returns_retained))

#define NS_ENUM(type, name) \
  enum name : type name;    \
  enum name : type
#ifdef __cplusplus
#define NS_OPTIONS(type, name) \
  type name;                   \
  enum __attribute__((flag_enum)) : type
#else
#define NS_OPTIONS(type, name) \
  enum name : type name;       \
  enum __attribute__((flag_enum)) name : type
#endif

// API_AVAILABLE(macos(14.0), ios(17.0)): what is said of macOS counts, the rest is left out.
#ifndef API_AVAILABLE
#define METAL_SIM_API_macos(version) __attribute__((availability(macos, introduced = version)))
#define METAL_SIM_API_OLD_macos(from, to) __attribute__((availability(macos, introduced = from, deprecated = to)))
#define METAL_SIM_API_OLD_ios(from, to)
#define METAL_SIM_API_ios(version)
#define METAL_SIM_API_tvos(version)
#define METAL_SIM_API_macCatalyst(version)
#define METAL_SIM_API_1(a) METAL_SIM_API_##a
#define METAL_SIM_API_2(a, b) METAL_SIM_API_##a METAL_SIM_API_##b
#define METAL_SIM_API_3(a, b, c) METAL_SIM_API_##a METAL_SIM_API_##b METAL_SIM_API_##c
#define METAL_SIM_API_PICK(_1, _2, _3, name, ...) name
#define API_AVAILABLE(...) \
  METAL_SIM_API_PICK(__VA_ARGS__, METAL_SIM_API_3, METAL_SIM_API_2, METAL_SIM_API_1, )(__VA_ARGS__)
#define METAL_SIM_API_OLD_1(message, a) METAL_SIM_API_OLD_##a
#define METAL_SIM_API_OLD_2(message, a, b) METAL_SIM_API_OLD_##a METAL_SIM_API_OLD_##b
#define METAL_SIM_API_OLD_PICK(_0, _1, _2, name, ...) name
#define API_DEPRECATED(...) \
  METAL_SIM_API_OLD_PICK(__VA_ARGS__, METAL_SIM_API_OLD_2, METAL_SIM_API_OLD_1, )(__VA_ARGS__)
#endif
