// What the SDK that this is compiled against knows of.
#ifndef METAL_CORE_METAL_SDK_H
#define METAL_CORE_METAL_SDK_H

#if defined(METAL_CORE_SOFTWARE_METAL)
#define METAL_CORE_SDK_15 1  // the stand-in headers have it
#elif defined(__MAC_OS_X_VERSION_MAX_ALLOWED) && __MAC_OS_X_VERSION_MAX_ALLOWED >= 150000
#define METAL_CORE_SDK_15 1
#else
#define METAL_CORE_SDK_15 0
#endif

#endif
