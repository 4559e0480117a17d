// Words of the protocol (PROTOCOL.md): splitting, percent-encoding, numbers.
#ifndef METAL_SIM_PROTOCOL_H
#define METAL_SIM_PROTOCOL_H

#include <stdint.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

using Words = std::vector<std::string_view>;

Words split(std::string_view text, char separator);

// Every byte other than A-Z a-z 0-9 _ . ~ / - as %XX; the empty string is "%".
std::string encode(std::string_view text);
std::optional<std::string> decode(std::string_view word);

// The whole word as a decimal number of at most `max`.
std::optional<uint64_t> number(std::string_view word, uint64_t max = UINT64_MAX);
std::optional<std::vector<uint8_t>> hex_bytes(std::string_view word);

// printf into a string, for messages.
std::string format(const char* text, ...) __attribute__((format(printf, 1, 2)));

}  // namespace sim
#endif
