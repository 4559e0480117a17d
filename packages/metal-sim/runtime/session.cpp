#include "session.h"

#include <string.h>

#include "bindings.h"
#include "counters.h"
#include "machine.h"
#include "report.h"

namespace sim {
namespace {

std::string failed(const std::string& message) { return "failed " + encode(message) + "\n"; }

}  // namespace

std::string Session::serve(std::string_view line) {
  const Words words = split(line, ' ');
  const std::string_view request = words[0];
  if (request == "library") return open_library_request(words);
  if (request == "buffer") return map_buffer_request(words);
  if (request == "release") return release(words);
  if (request == "option") return option(words);
  if (request == "begin") return begin();
  if (request == "barrier") return barrier();
  if (request == "end") return end();
  if (request == "dispatch") {
    if (!error_.empty()) return "";
    if (auto dispatch = parse_dispatch(line)) list_.push_back(std::move(dispatch));
    return "";
  }
  return failed(format("[protocol] expected a request, got \"%.60s\".", std::string(line).c_str()));
}

std::string Session::open_library_request(const Words& words) {
  const auto path = words.size() == 3 ? decode(words[2]) : std::nullopt;
  if (!path) return failed("[library] expected: library ID PATH.");
  if (libraries_.count(words[1]) != 0) return failed(format("[library] expected a new ID, got %s.", std::string(words[1]).c_str()));
  std::string error;
  auto library = open_library(*path, error);
  if (library == nullptr) return failed(error);
  std::string answer = library->description() + "ok\n";
  libraries_.emplace(words[1], std::move(library));
  return answer;
}

std::string Session::map_buffer_request(const Words& words) {
  const auto path = words.size() == 6 ? decode(words[2]) : std::nullopt;
  const auto offset = path ? number(words[3], INT64_MAX) : std::nullopt;
  const auto length = path ? number(words[4], INT64_MAX) : std::nullopt;
  if (!offset || !length || (words[5] != "r" && words[5] != "rw")) return failed("[buffer] expected: buffer ID PATH OFFSET LENGTH r|rw.");
  if (buffers_.count(words[1]) != 0) return failed(format("[buffer] expected a new ID, got %s.", std::string(words[1]).c_str()));
  std::string error;
  auto mapped = map_buffer(*path, *offset, *length, words[5] == "rw", error);
  if (mapped == nullptr) return failed(error);
  buffers_.emplace(words[1], std::move(mapped));
  return "ok\n";
}

std::string Session::release(const Words& words) {
  if (words.size() != 3) return failed("[release] expected: release buffer|library ID.");
  const auto drop = [&](auto& map) -> std::string {
    const auto found = map.find(words[2]);
    if (found == map.end()) return failed(format("[release] expected an ID, got %s.", std::string(words[2]).c_str()));
    if (found->second->uses > 0) return failed(format("[release] %s is used by a dispatch that has not run.", std::string(words[2]).c_str()));
    map.erase(found);
    return "ok\n";
  };
  if (words[1] == "buffer") return drop(buffers_);
  if (words[1] == "library") return drop(libraries_);
  return failed("[release] expected: release buffer|library ID.");
}

std::string Session::option(const Words& words) {
  const auto value = words.size() == 3 ? number(words[2]) : std::nullopt;
  if (!value) return failed("[option] expected: option NAME NUMBER.");
  if (words[1] == "seed") {
    seed_ = *value;
  } else if (words[1] == "checks") {
    machine.checks = *value != 0;
  } else if (words[1] == "races") {
    machine.races = *value != 0;
  } else if (words[1] == "count") {
    machine.count = *value != 0;
  } else if (words[1] == "profile") {
    profile_ = *value != 0;
  } else if (words[1] == "maxReports") {
    max_reports_ = *value;
  } else if (words[1] == "stepLimit") {
    machine.step_limit = *value;
  } else {
    return failed(format("[option] expected seed, checks, races, count, profile, maxReports or stepLimit, got %s.", std::string(words[1]).c_str()));
  }
  return "ok\n";
}

std::string Session::begin() {
  drop_list();
  return "";
}

std::string Session::barrier() {
  ++segment_;
  return "";
}

void Session::drop_list() {
  for (const auto& dispatch : list_) {
    --dispatch->library->uses;
    for (const Argument& argument : dispatch->arguments) {
      if (argument.buffer != nullptr) --argument.buffer->uses;
    }
    if (dispatch->indirect != nullptr) --dispatch->indirect->uses;
  }
  list_.clear();
  segment_ = 0;
  error_.clear();
}

std::string Session::end() {
  std::string answer = error_.empty() ? run_list() : failed(error_);
  drop_list();
  return answer;
}

std::string Session::run_list() {
  std::vector<Dispatch*> all;
  for (const auto& dispatch : list_) {
    dispatch->index = static_cast<uint32_t>(all.size());
    if (const std::string message = validate(*dispatch); !message.empty()) return failed(message);
    all.push_back(dispatch.get());
  }
  start_reports(all, static_cast<uint32_t>(max_reports_));
  if (machine.clock[0].epoch > kLastEpoch || machine.clock[1].epoch > kLastEpoch) restart_clocks();
  std::string lines, message;
  for (size_t first = 0; first < all.size() && message.empty();) {
    size_t last = first;
    while (last < all.size() && all[last]->segment == all[first]->segment) ++last;
    message = run_segment(first, last, lines);
    first = last;
  }
  return lines + told_reports() + (message.empty() ? "done\n" : failed(message));
}

std::string Session::run_segment(size_t first, size_t last, std::string& lines) {
  start_segment();
  for (Clock& clock : machine.clock) clock.segment = ++clock.epoch;
  for (size_t i = first; i < last; ++i) mark_written(*list_[i], true);
  std::string message;
  for (size_t i = first; i < last && message.empty(); ++i) {
    Counts counts = {};
    double start = 0, end = 0;
    message = run(*list_[i], seed_, counts, start, end);
    if (profile_) lines += format("time %zu %.9f %.9f\n", i, start, end);
    if (machine.count) lines += told_counts(static_cast<uint32_t>(i), counts);
  }
  for (size_t i = first; i < last; ++i) mark_written(*list_[i], false);
  return message;
}

void Session::restart_clocks() {
  for (auto& [id, mapped] : buffers_) drop_planes(mapped->planes);
  renew_threadgroup_planes();
  for (Clock& clock : machine.clock) clock = {};
}

}  // namespace sim
