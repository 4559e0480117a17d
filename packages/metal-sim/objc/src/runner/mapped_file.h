#ifndef METAL_SIM_OBJC_MAPPED_FILE_H
#define METAL_SIM_OBJC_MAPPED_FILE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace metal_sim {

struct MappedFile {
  std::string path;
  uint64_t offset;
  uint64_t length;  // of the bytes, as far as the file reaches: the rest of its last page is zeros
  bool writable;    // the mapping is shared and can be written
};

// The file behind these bytes, if another process that maps it sees the same bytes: all of them are mapped from one
// file that still has its name, in one piece, shared or read-only.
std::optional<MappedFile> mappedFile(const void* bytes, size_t length);

}  // namespace metal_sim
#endif
