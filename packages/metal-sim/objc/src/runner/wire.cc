#include "wire.h"

#include <cctype>

namespace metal_sim {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : (c | 0x20) - 'a' + 10; }

}  // namespace

std::string encoded(std::string_view text) {
  if (text.empty()) return "%";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 128 && std::isalnum(byte)) || std::string_view("_.~/-").find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

std::string decoded(std::string_view field) {
  std::string result;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '%') {
      result += field[i];
    } else if (i + 2 < field.size()) {
      result += static_cast<char>(digit(field[i + 1]) * 16 + digit(field[i + 2]));
      i += 2;
    }
  }
  return result;
}

std::string hex(const void* bytes, size_t length) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  std::string result;
  result.reserve(2 * length);
  for (size_t i = 0; i < length; ++i) result += {kDigits[at[i] >> 4], kDigits[at[i] & 15]};
  return result;
}

std::vector<std::string_view> fields(std::string_view line, char separator) {
  std::vector<std::string_view> result;
  for (;;) {
    const size_t end = line.find(separator);
    result.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return result;
    line.remove_prefix(end + 1);
  }
}

}  // namespace metal_sim
