// Buffers: ranges of files, mapped shared between guard areas, with the shadows that belong to them.
#ifndef METAL_SIM_BUFFERS_H
#define METAL_SIM_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <string>

#include "races.h"

namespace sim {

// One bit a byte, and where the first and last bits lie.
struct ByteSet {
  uint8_t* bits = nullptr;
  size_t bytes = 0;  // that the set can hold
  size_t low = SIZE_MAX, high = 0;

  void add(size_t offset, size_t count);
  size_t take();  // how many there are; empties the set
};

struct Buffer {
  uint8_t* data = nullptr;
  uint64_t length = 0;
  bool writable = false;
  uint32_t uses = 0;     // dispatches that wait
  bool tracked = false;  // written by a dispatch that is concurrent with the one that runs
  Planes planes;
  ByteSet read, written;
  void* area = nullptr;  // with the guards
  size_t area_bytes = 0;

  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();
};

// Null and a message when the file cannot be mapped.
std::unique_ptr<Buffer> map_buffer(const std::string& path, uint64_t offset, uint64_t length, bool writable, std::string& error);

// Zeroed memory that costs nothing until it is touched.
void* reserve(size_t bytes);
void unreserve(void* memory, size_t bytes);

}  // namespace sim
#endif
