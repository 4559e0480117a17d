// Which dispatches of a graph may run at the same time, and where a barrier is needed. Common to all devices.
#ifndef METAL_CORE_HAZARDS_H
#define METAL_CORE_HAZARDS_H

#include <cstdint>
#include <vector>

namespace metal_core {

// A range of bytes of one buffer that a dispatch touches.
struct TouchedRange {
  const void* buffer;  // identity only
  uint64_t begin, end;
  bool write;
};

bool conflict(const TouchedRange& a, const TouchedRange& b);

// Dispatches keep their order. A dispatch joins the current stage unless it overlaps, and one of the two writes, with
// something of that stage; then it opens the next one. Devices put a barrier between stages and none inside.
class StageBuilder {
 public:
  // Returns the stage of the next dispatch, from 0.
  uint32_t add(const std::vector<TouchedRange>& ranges);

 private:
  uint32_t stage_ = 0;
  std::vector<TouchedRange> current_;
};

}  // namespace metal_core
#endif
