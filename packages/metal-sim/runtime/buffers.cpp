#include "buffers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "protocol.h"

namespace sim {
namespace {

// Before and after each buffer: reserved, never backed.
constexpr size_t kGuardBytes = size_t{256} << 20;

uint64_t load64(const uint8_t* p) {
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

}  // namespace

void* reserve(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "[metal-sim] cannot reserve %zu bytes: %s\n", bytes, strerror(errno));
    exit(1);
  }
  return memory;
}

void unreserve(void* memory, size_t bytes) {
  if (memory != nullptr) munmap(memory, bytes);
}

void ByteSet::add(size_t offset, size_t count) {
  low = std::min(low, offset);
  high = std::max(high, offset + count);
  while (count > 0) {
    const size_t chunk = std::min<size_t>(count, 32);
    uint8_t* p = bits + offset / 8;
    const uint64_t word = load64(p) | ((uint64_t{1} << chunk) - 1) << (offset & 7);
    memcpy(p, &word, sizeof word);
    offset += chunk;
    count -= chunk;
  }
}

size_t ByteSet::take() {
  if (low >= high) return 0;
  size_t total = 0;
  const size_t first = low / 64 * 8, last = (high + 63) / 64 * 8;
  for (size_t i = first; i < last; i += 8) total += static_cast<size_t>(__builtin_popcountll(load64(bits + i)));
  memset(bits + first, 0, last - first);
  low = SIZE_MAX;
  high = 0;
  return total;
}

Buffer::~Buffer() {
  drop_planes(planes);
  unreserve(read.bits, read.bytes / 8 + 16);
  unreserve(written.bits, written.bytes / 8 + 16);
  unreserve(area, area_bytes);
}

std::unique_ptr<Buffer> map_buffer(const std::string& path, uint64_t offset, uint64_t length, bool writable, std::string& error) {
  const int file = open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (file < 0) {
    error = format("[buffer] expected a file to map, got %s: %s", path.c_str(), strerror(errno));
    return nullptr;
  }
  struct stat status;
  if (fstat(file, &status) != 0 || offset > static_cast<uint64_t>(status.st_size) ||
      length > static_cast<uint64_t>(status.st_size) - offset) {
    error = format("[buffer] expected a file of at least %llu + %llu bytes, got %s with %lld", static_cast<unsigned long long>(offset),
                   static_cast<unsigned long long>(length), path.c_str(), static_cast<long long>(status.st_size));
    close(file);
    return nullptr;
  }
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t before = offset % page;
  const size_t mapped = (before + length + page - 1) / page * page;
  auto buffer = std::make_unique<Buffer>();
  buffer->area_bytes = mapped + 2 * kGuardBytes;
  buffer->area = mmap(nullptr, buffer->area_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (buffer->area == MAP_FAILED) {
    buffer->area = nullptr;
    error = format("[buffer] cannot reserve %zu bytes: %s", buffer->area_bytes, strerror(errno));
    close(file);
    return nullptr;
  }
  uint8_t* start = static_cast<uint8_t*>(buffer->area) + kGuardBytes;
  if (mapped > 0 && mmap(start, mapped, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | MAP_FIXED, file,
                         static_cast<off_t>(offset - before)) == MAP_FAILED) {
    error = format("[buffer] cannot map %s: %s", path.c_str(), strerror(errno));
    close(file);
    return nullptr;
  }
  close(file);
  buffer->data = start + before;
  buffer->length = length;
  buffer->writable = writable;
  return buffer;
}

}  // namespace sim
