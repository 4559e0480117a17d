#include "hazards.h"

namespace metal_core {

bool conflict(const TouchedRange& a, const TouchedRange& b) {
  return (a.write || b.write) && a.buffer == b.buffer && a.begin < b.end && b.begin < a.end;
}

uint32_t StageBuilder::add(const std::vector<TouchedRange>& ranges) {
  for (const TouchedRange& range : ranges) {
    for (const TouchedRange& other : current_) {
      if (!conflict(range, other)) continue;
      current_ = ranges;
      return ++stage_;
    }
  }
  current_.insert(current_.end(), ranges.begin(), ranges.end());
  return stage_;
}

}  // namespace metal_core
