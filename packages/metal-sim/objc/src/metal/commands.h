// What encoders write and a queue runs.
#ifndef METAL_SIM_OBJC_COMMANDS_H
#define METAL_SIM_OBJC_COMMANDS_H

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "counter_samples.h"
#include "event.h"
#include "pipeline.h"

namespace metal_sim {

struct Use {
  std::shared_ptr<Memory> memory;
  bool written;
};

struct Dispatch {
  std::string request;  // a line of the runner's protocol
  std::shared_ptr<const Pipeline> pipeline;
  std::vector<Use> uses;
};

struct Barrier {};

struct Copy {
  std::shared_ptr<Memory> from, to;
  size_t fromOffset, toOffset, bytes;
};

struct Fill {
  std::shared_ptr<Memory> memory;
  size_t offset, bytes;
  uint8_t value;
};

struct Resolve {
  std::shared_ptr<Samples> samples;
  size_t first, count;
  std::shared_ptr<Memory> to;
  size_t offset;
};

struct Signal {
  std::shared_ptr<Event> event;
  uint64_t value;
};

struct Wait {
  std::shared_ptr<Event> event;
  uint64_t value;
};

// An encoder begins; its commands follow.
struct Begin {
  size_t encoder;
};

using Command = std::variant<Begin, Dispatch, Barrier, Copy, Fill, Resolve, Signal, Wait>;

struct EncoderRecord {
  std::string label;
  std::vector<std::string> signposts;
  bool waitsForFence = false;
  MTLCommandEncoderErrorState state = MTLCommandEncoderErrorStatePending;
  // Where the times of its first and last command go.
  struct Sample {
    std::shared_ptr<Samples> samples;
    size_t start, end;  // MTLCounterDontSample: nowhere
  };
  std::vector<Sample> samples;
};

struct CommandList {
  std::vector<Command> commands;
  std::vector<EncoderRecord> encoders;
};

}  // namespace metal_sim
#endif
