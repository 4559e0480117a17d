#include "report.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "dispatch.h"
#include "library.h"
#include "machine.h"
#include "protocol.h"
#include "scheduler.h"

namespace sim {
namespace {

struct Started {
  uint32_t epoch[2];  // when it started
  uint32_t dispatch, group;
};

struct Finding {
  std::string kind, message;
  uint64_t times = 1;
  Place places[2];
  uint32_t count = 1;
  SourcePlace source;  // of the first place, when known already
};

using Key = std::tuple<std::string, uintptr_t, uintptr_t, uint32_t, uint32_t>;

std::vector<Dispatch*> dispatches;
std::vector<Started> groups;
std::vector<Finding> findings;
std::map<Key, size_t> known;
constexpr size_t kSuppressed = SIZE_MAX;
uint64_t suppressed = 0;
uint32_t limit = 32;

// Of a file in the folder of the compiler's run.
std::string short_path(const std::string& path) { return path.starts_with("./") ? path.substr(2) : path; }

SourcePlace source_of(uintptr_t pc) {
  Library* library = pc == 0 ? nullptr : library_at(pc);
  if (library == nullptr) return {};
  // An address is where a call returns to: the call ends one byte before.
  SourcePlace place = library->lines.find(library->path, pc - 1 - library->base);
  place.file = short_path(place.file);
  return place;
}

std::string told_place(const Place& place, const SourcePlace& source) {
  const Dispatch& dispatch = *dispatches[place.dispatch];
  uint32_t t[3], g[3];
  thread_position(dispatch, place.group, place.thread, t, g);
  return format("%s,%s,%u,%u,%u,%s,%u,%u,%u,%u,%u,%u", place.role, encode(source.file).c_str(), source.line, source.column, place.dispatch,
                encode(dispatch.kernel->name).c_str(), t[0], t[1], t[2], g[0], g[1], g[2]);
}

Finding* add(const char* kind, const Key& key, const Place& first) {
  if (const auto found = known.find(key); found != known.end()) {
    if (found->second != kSuppressed) ++findings[found->second].times;
    return nullptr;
  }
  if (findings.size() >= limit) {
    known[key] = kSuppressed;
    ++suppressed;
    return nullptr;
  }
  known[key] = findings.size();
  findings.push_back({});
  findings.back().kind = kind;
  findings.back().places[0] = first;
  return &findings.back();
}

}  // namespace

Place place_here(const char* role, uintptr_t pc) { return {role, pc, machine.dispatch, running_group(), machine.thread}; }

Place place_of(const Access& access, Memory memory, const char* role) {
  Place place;
  place.role = (access.who & 1024) != 0 ? "atomic" : role;
  place.pc = full_address(access.pc);
  place.thread = access.who & 1023;
  const auto after = std::upper_bound(groups.begin(), groups.end(), access.epoch,
                                      [memory](uint32_t epoch, const Started& group) { return epoch < group.epoch[memory]; });
  if (after != groups.begin()) {
    place.dispatch = (after - 1)->dispatch;
    place.group = (after - 1)->group;
  }
  return place;
}

void report(const char* kind, const Place& first, const Place* second, const std::function<std::string()>& message) {
  const Place& other = second == nullptr ? first : *second;
  // Which of two places came first is chance.
  const auto [low, high] = std::minmax({std::pair{first.pc, first.dispatch}, std::pair{other.pc, other.dispatch}});
  const Key key{kind, low.first, high.first, low.second, high.second};
  Finding* finding = add(kind, key, first);
  if (finding == nullptr) return;
  finding->message = message();
  if (second == nullptr) return;
  finding->places[1] = *second;
  finding->count = 2;
}

void report_at(const char* kind, const Place& first, const char* file, uint32_t line, uint32_t column, const std::string& message) {
  const Key key{format("%s %s:%u", kind, file, line), column, 0, first.dispatch, 0};
  Finding* finding = add(kind, key, first);
  if (finding == nullptr) return;
  finding->message = message;
  finding->source = {short_path(file), line, column};
}

void note_group(uint32_t dispatch, uint32_t group) {
  groups.push_back({{machine.clock[0].epoch, machine.clock[1].epoch}, dispatch, group});
}

void start_segment() { groups.clear(); }

void start_reports(const std::vector<Dispatch*>& list, uint32_t max_reports) {
  dispatches = list;
  groups.clear();
  findings.clear();
  known.clear();
  suppressed = 0;
  limit = max_reports;
}

std::string told_reports() {
  // Copies of code that the compiler has made are one place in the source.
  std::map<std::string, std::pair<size_t, uint64_t>> times;
  std::vector<std::string> heads, tails;
  for (size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    const Dispatch& dispatch = *dispatches[finding.places[0].dispatch];
    std::string where, key = finding.kind;
    for (uint32_t j = 0; j < finding.count; ++j) {
      const bool given = j == 0 && !finding.source.file.empty();
      const SourcePlace source = given ? finding.source : source_of(finding.places[j].pc);
      where += " " + told_place(finding.places[j], source);
      key += format(" %s %u %s:%u:%u", finding.places[j].role, finding.places[j].dispatch, source.file.c_str(), source.line, source.column);
      if (source.line == 0) key += format(" %zx", static_cast<size_t>(finding.places[j].pc));
    }
    times.try_emplace(key, i, 0).first->second.second += finding.times;
    heads.push_back(format("report %s %s %s %s", encode(finding.kind).c_str(), encode(dispatch.kernel->name).c_str(),
                           encode(dispatch.label).c_str(), encode(finding.message).c_str()));
    tails.push_back(where);
  }
  std::map<size_t, uint64_t> in_order;
  for (const auto& [key, first] : times) in_order.insert(first);
  std::string text;
  for (const auto& [i, count] : in_order) text += heads[i] + format(" %llu", static_cast<unsigned long long>(count)) + tails[i] + "\n";
  if (suppressed > 0) text += format("suppressed %llu\n", static_cast<unsigned long long>(suppressed));
  return text;
}

}  // namespace sim
