#include "protocol.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

namespace sim {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Words split(std::string_view text, char separator) {
  Words words;
  for (;;) {
    const size_t end = text.find(separator);
    words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

std::string encode(std::string_view text) {
  if (text.empty()) return "%";
  static const char digits[] = "0123456789ABCDEF";
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 128 && (isalnum(byte) || c == '_' || c == '.' || c == '~' || c == '/' || c == '-')) {
      word += c;
    } else {
      word += '%';
      word += digits[byte >> 4];
      word += digits[byte & 15];
    }
  }
  return word;
}

std::optional<std::string> decode(std::string_view word) {
  if (word == "%") return "";
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
      continue;
    }
    if (i + 2 >= word.size()) return std::nullopt;
    const int high = hex_digit(word[i + 1]), low = hex_digit(word[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return text;
}

std::optional<uint64_t> number(std::string_view word, uint64_t max) {
  if (word.empty() || word.size() > 20) return std::nullopt;
  uint64_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value > max) return std::nullopt;
  return value;
}

std::optional<std::vector<uint8_t>> hex_bytes(std::string_view word) {
  if (word.size() % 2 != 0) return std::nullopt;
  std::vector<uint8_t> bytes(word.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_digit(word[2 * i]), low = hex_digit(word[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return bytes;
}

std::string format(const char* text, ...) {
  va_list arguments, again;
  va_start(arguments, text);
  va_copy(again, arguments);
  const int length = vsnprintf(nullptr, 0, text, arguments);
  va_end(arguments);
  std::string result(length < 0 ? 0 : static_cast<size_t>(length), '\0');
  vsnprintf(result.data(), result.size() + 1, text, again);
  va_end(again);
  return result;
}

}  // namespace sim
