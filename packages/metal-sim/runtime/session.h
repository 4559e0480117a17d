// What a client has opened, and the requests that it makes (PROTOCOL.md).
#ifndef METAL_SIM_SESSION_H
#define METAL_SIM_SESSION_H

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "buffers.h"
#include "dispatch.h"
#include "library.h"
#include "protocol.h"

namespace sim {

class Session {
 public:
  // Serves a line and returns what to answer: lines, or nothing.
  std::string serve(std::string_view line);

 private:
  std::string open_library_request(const Words& words);
  std::string map_buffer_request(const Words& words);
  std::string release(const Words& words);
  std::string option(const Words& words);
  std::string begin();
  std::string barrier();
  std::string end();

  // Null and a message in error_.
  std::unique_ptr<Dispatch> parse_dispatch(std::string_view line);
  bool parse_argument(std::string_view word, Dispatch& dispatch);
  bool parse_constant(std::string_view word, Dispatch& dispatch);
  bool parse_grid(const Words& words, Dispatch& dispatch);
  Buffer* buffer(std::string_view id);
  std::string run_list();
  std::string run_segment(size_t first, size_t last, std::string& lines);
  void restart_clocks();
  void drop_list();

  std::map<std::string, std::unique_ptr<Library>, std::less<>> libraries_;
  std::map<std::string, std::unique_ptr<Buffer>, std::less<>> buffers_;
  std::vector<std::unique_ptr<Dispatch>> list_;
  uint32_t segment_ = 0;
  std::string error_;  // the first of the list
  uint64_t seed_ = 0, max_reports_ = 32;
  bool profile_ = false;
};

}  // namespace sim
#endif
