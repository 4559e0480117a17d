// A block of memory aligned to 64 bytes (a cache line, a vector register of AVX-512).
#ifndef METAL_CORE_ALIGNED_BYTES_H
#define METAL_CORE_ALIGNED_BYTES_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace metal_core {

class AlignedBytes {
 public:
  static constexpr std::size_t kAlignment = 64;
  AlignedBytes() = default;
  // Throws std::bad_alloc.
  explicit AlignedBytes(uint64_t size)
      : data_(size == 0 ? nullptr : static_cast<uint8_t*>(::operator new(size, std::align_val_t{kAlignment}))),
        size_(size) {}

  uint8_t* data() const { return data_.get(); }
  uint64_t size() const { return size_; }

 private:
  struct Delete {
    void operator()(uint8_t* data) const { ::operator delete(data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<uint8_t, Delete> data_;
  uint64_t size_ = 0;
};

}  // namespace metal_core
#endif
