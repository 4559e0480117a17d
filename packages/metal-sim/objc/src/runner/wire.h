// Fields of the runner's protocol (runtime/PROTOCOL.md).
#ifndef METAL_SIM_OBJC_WIRE_H
#define METAL_SIM_OBJC_WIRE_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace metal_sim {

// Strings: every byte other than A-Z a-z 0-9 _ . ~ / - is %XX, and the empty string a lone %.
std::string encoded(std::string_view text);
std::string decoded(std::string_view field);
std::string hex(const void* bytes, size_t length);

std::vector<std::string_view> fields(std::string_view line, char separator = ' ');

}  // namespace metal_sim
#endif
