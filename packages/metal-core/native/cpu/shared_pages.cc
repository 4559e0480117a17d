#include "shared_pages.h"

#include <sys/mman.h>

#include <mutex>

#include "memory.h"

namespace metal_core {
namespace {

// What is mapped at once for pieces: few mappings, and little that a last piece keeps.
constexpr uint64_t kSharedBytes = 2 * kHugePage;

// The pages that the next piece may come from. Its pieces own them: with the last of those they go.
struct Shared {
  std::mutex mutex;
  std::weak_ptr<Pages> pages;
  uint64_t taken = 0;
};

}  // namespace

std::shared_ptr<Pages> Pages::map(uint64_t bytes) {
  const uint64_t total = bytes + kHugePage;
  void* mapped = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  std::shared_ptr<Pages> pages(new Pages(mapped, total));
#ifdef MADV_HUGEPAGE
  madvise(pages->data_, bytes, MADV_HUGEPAGE);
#endif
  return pages;
}

Pages::Pages(void* mapped, uint64_t mappedBytes)
    : mapped_(mapped),
      mappedBytes_(mappedBytes),
      data_(reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(mapped) + kHugePage - 1) / kHugePage * kHugePage)) {}

Pages::~Pages() { munmap(mapped_, mappedBytes_); }

Piece takePiece(uint64_t bytes) {
  static Shared shared;  // of all devices of the process
  const uint64_t rounded = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::lock_guard<std::mutex> lock(shared.mutex);
  std::shared_ptr<Pages> pages = shared.pages.lock();
  if (!pages || kSharedBytes - shared.taken < rounded) {
    pages = Pages::map(kSharedBytes);
    if (!pages) return {};
    shared.pages = pages;
    shared.taken = 0;
  }
  uint8_t* data = pages->data() + shared.taken;
  shared.taken += rounded;
  return {std::move(pages), data, rounded};
}

void discard(const Piece& piece) { madvise(piece.data, piece.bytes, MADV_DONTNEED); }

}  // namespace metal_core
