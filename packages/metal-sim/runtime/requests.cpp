// Reads the `dispatch` request.
#include "session.h"

namespace sim {
namespace {

std::string text(std::string_view word) { return std::string(word.substr(0, 60)); }

}  // namespace

Buffer* Session::buffer(std::string_view id) {
  const auto found = buffers_.find(id);
  if (found == buffers_.end()) {
    error_ = format("[dispatch] expected a buffer, got %s.", text(id).c_str());
    return nullptr;
  }
  return found->second.get();
}

bool Session::parse_argument(std::string_view word, Dispatch& dispatch) {
  const size_t equals = word.find('=');
  const auto index = number(word.substr(0, equals), 127);
  if (equals == std::string_view::npos || !index) {
    error_ = format("[dispatch] expected INDEX=b:BUFFER:OFFSET, INDEX=v:HEX or INDEX=t:BYTES, got %s.", text(word).c_str());
    return false;
  }
  const Words parts = split(word.substr(equals + 1), ':');
  Argument argument;
  argument.index = static_cast<uint32_t>(*index);
  if (parts[0] == "b" && parts.size() == 3) {
    const auto offset = number(parts[2]);
    argument.buffer = buffer(parts[1]);
    if (argument.buffer == nullptr) return false;
    if (offset) {
      argument.offset = *offset;
      ++argument.buffer->uses;
      dispatch.arguments.push_back(std::move(argument));
      return true;
    }
  } else if (parts[0] == "v" && parts.size() == 2) {
    argument.kind = Argument::Kind::value;
    if (auto bytes = hex_bytes(parts[1]); bytes && bytes->size() <= 4096) {
      argument.value = std::move(*bytes);
      dispatch.arguments.push_back(std::move(argument));
      return true;
    }
  } else if (parts[0] == "t" && parts.size() == 2) {
    argument.kind = Argument::Kind::threadgroup;
    if (const auto bytes = number(parts[1])) {
      argument.bytes = *bytes;
      dispatch.arguments.push_back(std::move(argument));
      return true;
    }
  }
  error_ = format("[dispatch] expected INDEX=b:BUFFER:OFFSET, INDEX=v:HEX (at most 4096 bytes) or INDEX=t:BYTES, got %s.", text(word).c_str());
  return false;
}

bool Session::parse_constant(std::string_view word, Dispatch& dispatch) {
  const size_t equals = word.find('=');
  const auto index = number(word.substr(0, equals), 65535);
  auto bytes = equals == std::string_view::npos ? std::nullopt : hex_bytes(word.substr(equals + 1));
  if (!index || !bytes) {
    error_ = format("[dispatch] expected a constant INDEX=HEX, got %s.", text(word).c_str());
    return false;
  }
  dispatch.constants.push_back({static_cast<uint32_t>(*index), std::move(*bytes)});
  return true;
}

bool Session::parse_grid(const Words& words, Dispatch& dispatch) {
  const std::string_view mode = words[3];
  dispatch.mode = mode == "indirect" ? Mode::indirect : mode == "threads" ? Mode::threads : Mode::groups;
  bool good = mode == "groups" || mode == "threads" || mode == "indirect";
  for (size_t d = 0; d < 3; ++d) {
    const auto size = number(words[7 + d], UINT32_MAX);
    good = good && size;
    dispatch.threadgroup[d] = static_cast<uint32_t>(size.value_or(0));
    if (dispatch.mode == Mode::indirect) continue;
    const auto grid = number(words[4 + d], UINT32_MAX);
    good = good && grid;
    dispatch.grid[d] = grid.value_or(0);
  }
  if (good && dispatch.mode == Mode::indirect) {
    const Words parts = split(words[4], ':');
    const auto offset = parts.size() == 2 ? number(parts[1]) : std::nullopt;
    dispatch.indirect = buffer(parts[0]);
    if (dispatch.indirect == nullptr) return false;
    good = offset && *offset % 4 == 0 && dispatch.indirect->length >= 12 && *offset <= dispatch.indirect->length - 12;
    dispatch.indirect_offset = offset.value_or(0);
    if (good) ++dispatch.indirect->uses;
    if (!good) dispatch.indirect = nullptr;
  }
  if (!good) {
    error_ = "[dispatch] expected MODE groups|threads|indirect, GX GY GZ (indirect: BUFFER:OFFSET of 12 bytes, a multiple of 4), TX TY TZ.";
  }
  return good;
}

std::unique_ptr<Dispatch> Session::parse_dispatch(std::string_view line) {
  const Words words = split(line, ' ');
  auto dispatch = std::make_unique<Dispatch>();
  if (words.size() < 13) {
    error_ = "[dispatch] expected LIBRARY KERNEL MODE GX GY GZ TX TY TZ ARGUMENT… ; CONSTANT… ; LABEL.";
    return nullptr;
  }
  const auto library = libraries_.find(words[1]);
  if (library == libraries_.end()) {
    error_ = format("[dispatch] expected a library, got %s.", text(words[1]).c_str());
    return nullptr;
  }
  dispatch->library = library->second.get();
  const auto kernel = decode(words[2]);
  dispatch->kernel = kernel ? dispatch->library->kernel(*kernel) : nullptr;
  if (dispatch->kernel == nullptr) {
    error_ = format("[dispatch] expected a kernel of %s, got %s.", dispatch->library->path.c_str(), text(words[2]).c_str());
    return nullptr;
  }
  dispatch->segment = segment_;
  // The list drops what it counts as used, so from here on the dispatch goes into it whatever happens.
  ++dispatch->library->uses;
  size_t i = 10;
  bool good = parse_grid(words, *dispatch);
  for (; good && i < words.size() && words[i] != ";"; ++i) good = parse_argument(words[i], *dispatch);
  for (++i; good && i < words.size() && words[i] != ";"; ++i) good = parse_constant(words[i], *dispatch);
  if (good && i + 2 != words.size()) error_ = "[dispatch] expected `;` after the arguments, `;` after the constants, and a label at the end.";
  if (good && i + 2 == words.size()) dispatch->label = decode(words[i + 1]).value_or("");
  return dispatch;
}

}  // namespace sim
