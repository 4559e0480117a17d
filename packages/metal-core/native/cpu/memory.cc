#include "memory.h"

#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

#include "../file_map.h"
#include "shared_pages.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace metal_core {
namespace {

// From here on memory comes from mmap: zero pages on demand, given back at once, huge pages where the system has them.
// Under AddressSanitizer all of it comes from the heap, and what rounding adds is poisoned: a kernel that goes one byte
// too far is then caught.
#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t kMapFrom = UINT64_MAX;
#else
constexpr uint64_t kMapFrom = 256 * 1024;
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif
// Constant data from here on up to half a huge page shares huge pages.
constexpr uint64_t kShareFrom = 64 * 1024;

class CpuBuffer final : public Buffer {
 public:
  CpuBuffer(uint8_t* data, uint64_t byteLength, Storage storage, bool writable, void* mapped, uint64_t mappedBytes)
      : Buffer(byteLength, storage, writable), data_(data), mapped_(mapped), mappedBytes_(mappedBytes) {}
  ~CpuBuffer() override {
    if (mapped_) {
      munmap(mapped_, mappedBytes_);
    } else {
      ASAN_UNPOISON_MEMORY_REGION(data_, (byteLength + kPageBytes - 1) / kPageBytes * kPageBytes);
      std::free(data_);
    }
  }
  void* host() const override { return data_; }
  uint64_t address() const override { return reinterpret_cast<uintptr_t>(data_); }
  void discard() override {
    // Fresh pages over the old ones, which are none until somebody writes to them. Small buffers are not worth a system call.
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mapped_ && writable) mmap(mapped_, mappedBytes_, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  }

 private:
  uint8_t* data_;
  void* mapped_;  // null: from aligned_alloc
  uint64_t mappedBytes_;
};

// A piece of pages that other buffers have pieces of too. No view of it reaches the host, so that nothing is left to discard.
class SharedBuffer final : public Buffer {
 public:
  SharedBuffer(Piece piece, uint64_t byteLength) : Buffer(byteLength, Storage::kPrivate, true), piece_(std::move(piece)) {}
  ~SharedBuffer() override { metal_core::discard(piece_); }
  void* host() const override { return piece_.data; }
  uint64_t address() const override { return reinterpret_cast<uintptr_t>(piece_.data); }

 private:
  const Piece piece_;
};

uint64_t roundUp(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

[[noreturn]] void outOfMemory(uint64_t byteLength) {
  throw Error(ErrorCode::kOutOfMemory, "[device.createBuffer] expected room for " + std::to_string(byteLength) +
                                           " bytes, got none from the system; dispose buffers or use smaller ones");
}

std::shared_ptr<Buffer> mapAnonymous(uint64_t byteLength, Storage storage) {
  const uint64_t bytes = roundUp(byteLength, kPageBytes);
  const uint64_t alignment = bytes >= kHugePage ? kHugePage : kPageBytes;
  const uint64_t total = bytes + alignment;
  void* mapped = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) outOfMemory(byteLength);
  auto* data = reinterpret_cast<uint8_t*>(roundUp(reinterpret_cast<uintptr_t>(mapped), alignment));
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage) madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return std::make_shared<CpuBuffer>(data, byteLength, storage, true, mapped, total);
}

}  // namespace

std::shared_ptr<Buffer> allocateMemory(uint64_t byteLength, Storage storage, const void* data) {
  if (byteLength > (uint64_t{1} << 53)) outOfMemory(byteLength);
  std::shared_ptr<Buffer> buffer;
  const bool mayShare = kMapFrom < UINT64_MAX && storage == Storage::kPrivate && data != nullptr;
  if (mayShare && byteLength >= kShareFrom && byteLength <= kHugePage / 2) {
    Piece piece = takePiece(byteLength);
    if (!piece.owner) outOfMemory(byteLength);
    buffer = std::make_shared<SharedBuffer>(std::move(piece), byteLength);
  } else if (byteLength >= kMapFrom) {
    buffer = mapAnonymous(byteLength, storage);
  } else {
    const uint64_t bytes = roundUp(byteLength, kPageBytes);
    void* memory = std::aligned_alloc(kPageBytes, bytes);
    if (!memory) outOfMemory(byteLength);
    std::memset(memory, 0, bytes);
    ASAN_POISON_MEMORY_REGION(static_cast<uint8_t*>(memory) + byteLength, bytes - byteLength);
    buffer = std::make_shared<CpuBuffer>(static_cast<uint8_t*>(memory), byteLength, storage, true, nullptr, 0);
  }
  if (data) std::memcpy(buffer->host(), data, byteLength);
  return buffer;
}

std::shared_ptr<Buffer> mapFileMemory(const std::string& path, uint64_t offset, uint64_t byteLength) {
  FileMap map(path, offset, byteLength);
  auto buffer = std::make_shared<CpuBuffer>(map.data(), map.byteLength(), Storage::kPrivate, false, map.pages(),
                                            map.pageBytes());
  map.release();
  return buffer;
}

}  // namespace metal_core
