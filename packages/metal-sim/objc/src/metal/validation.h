// What Apple's API validation asserts.
#ifndef METAL_SIM_OBJC_VALIDATION_H
#define METAL_SIM_OBJC_VALIDATION_H

#include <string>

namespace metal_sim {

// Records "METHOD: MESSAGE", or prints it and aborts.
void reject(const char* method, const std::string& message);

// Rejects unless `holds`; returns it.
inline bool require(bool holds, const char* method, const std::string& message) {
  if (!holds) reject(method, message);
  return holds;
}

}  // namespace metal_sim
#endif
