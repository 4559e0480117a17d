// The bytes of a buffer, where this process and the runner both see them.
#ifndef METAL_SIM_OBJC_MEMORY_H
#define METAL_SIM_OBJC_MEMORY_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace metal_sim {

class Memory {
 public:
  // Zeros, in a memfd of its own. Null when the system has none left.
  static std::shared_ptr<Memory> allocate(size_t length);
  // Bytes that the caller owns. Those of a mapped file are mapped again by the runner (a shared mapping, or one that
  // cannot be written); any other are copied into a memfd before the runner uses them, and back after it wrote to them.
  static std::shared_ptr<Memory> wrap(void* bytes, size_t length);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void copyIn();
  void copyOut();

  const std::string id;  // what the runner calls it
  std::string path;      // of the file that the runner maps
  uint64_t offset = 0, fileLength = 0;
  bool writable = true;
  char* host = nullptr;
  size_t length = 0;
  bool tracked = true;  // MTLHazardTrackingMode
  // Command buffers that use it and do not keep it alive.
  std::atomic<int> unretainedUses = 0;

  // Of all buffers that own their bytes.
  static std::atomic<size_t> allocated;

 private:
  Memory();
  bool open(size_t length);

  int file_ = -1;
  char* shadow_ = nullptr;  // of wrapped bytes that are copied
  bool owned_ = false;
};

}  // namespace metal_sim
#endif
