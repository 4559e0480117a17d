// An encoder that the system refused is nil, and a nil encoder would swallow everything that is encoded.
#ifndef METAL_CORE_METAL_ENCODERS_H
#define METAL_CORE_METAL_ENCODERS_H

#include "../error.h"

namespace metal_core {

// Throws kOutOfMemory; called before anything is encoded, when no other encoder is open.
template <class Encoder>
Encoder opened(Encoder encoder) {
  if (encoder) return encoder;
  throw Error(ErrorCode::kOutOfMemory, "[device] expected an encoder, got none from the system; dispose buffers");
}

}  // namespace metal_core
#endif
