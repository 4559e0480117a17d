#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "mapped_file.h"

namespace metal_sim {
namespace {

std::atomic<uint64_t> nextId = 0;

// Mappings of no bytes are refused.
size_t mapped(size_t length) { return std::max<size_t>(length, 1); }

}  // namespace

std::atomic<size_t> Memory::allocated = 0;

Memory::Memory() : id("b" + std::to_string(++nextId)) {}

bool Memory::open(size_t size) {
  length = fileLength = size;
  file_ = memfd_create("metal-sim-buffer", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(mapped(size))) != 0) return false;
  void* bytes = mmap(nullptr, mapped(size), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (bytes == MAP_FAILED) return false;
  path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_);
  host = static_cast<char*>(bytes);
  return true;
}

std::shared_ptr<Memory> Memory::allocate(size_t length) {
  std::shared_ptr<Memory> memory(new Memory);
  if (!memory->open(length)) return nullptr;
  memory->owned_ = true;
  allocated += length;
  return memory;
}

std::shared_ptr<Memory> Memory::wrap(void* bytes, size_t length) {
  std::shared_ptr<Memory> memory(new Memory);
  if (const auto file = mappedFile(bytes, length)) {
    memory->path = file->path;
    memory->offset = file->offset;
    memory->fileLength = file->length;
    memory->writable = file->writable;
    memory->length = length;
  } else {
    if (!memory->open(length)) return nullptr;
    memory->shadow_ = memory->host;
  }
  memory->host = static_cast<char*>(bytes);
  return memory;
}

Memory::~Memory() {
  char* own = shadow_ ? shadow_ : owned_ ? host : nullptr;
  if (own) munmap(own, mapped(length));
  if (file_ >= 0) close(file_);
  if (owned_) allocated -= length;
}

void Memory::copyIn() {
  if (shadow_) std::memcpy(shadow_, host, length);
}

void Memory::copyOut() {
  if (shadow_) std::memcpy(host, shadow_, length);
}

}  // namespace metal_sim
