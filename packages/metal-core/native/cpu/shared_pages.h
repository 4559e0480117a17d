// Memory for buffers that are too small for huge pages of their own: pieces of what they share. Half a megabyte of weights in 137
// small pages is read up to a fifth slower when it is cold, since the processor looks up each page first.
#ifndef METAL_CORE_CPU_SHARED_PAGES_H
#define METAL_CORE_CPU_SHARED_PAGES_H

#include <cstdint>
#include <memory>

namespace metal_core {

// Huge pages are this large, and begin at multiples of it, on every system that has them here.
constexpr uint64_t kHugePage = 2 * 1024 * 1024;

// A mapping of zeros, which is given back with its last owner.
class Pages {
 public:
  // Null when the system has no room. `bytes` is a multiple of kHugePage.
  static std::shared_ptr<Pages> map(uint64_t bytes);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  uint8_t* data() const { return data_; }

 private:
  Pages(void* mapped, uint64_t mappedBytes);
  void* const mapped_;
  const uint64_t mappedBytes_;
  uint8_t* const data_;
};

struct Piece {
  std::shared_ptr<Pages> owner;  // null: the system has no room
  uint8_t* data = nullptr;       // zeros, at a multiple of kPageBytes
  uint64_t bytes = 0;            // a multiple of it
};

// `bytes` of at most kHugePage / 2. Pieces are given out once, from front to back.
Piece takePiece(uint64_t bytes);

// Gives the memory of a piece back to the system, whatever its neighbours do; nothing may read it any more.
void discard(const Piece& piece);

}  // namespace metal_core
#endif
