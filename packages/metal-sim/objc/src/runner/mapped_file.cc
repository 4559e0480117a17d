#include "mapped_file.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>

namespace metal_sim {

std::optional<MappedFile> mappedFile(const void* bytes, size_t length) {
  const auto start = reinterpret_cast<uintptr_t>(bytes), end = start + length;
  std::optional<MappedFile> result;
  uintptr_t reached = start;
  uint64_t next = 0;  // the file's offset at `reached`
  std::ifstream maps("/proc/self/maps");
  for (std::string line; reached < end && std::getline(maps, line);) {
    uint64_t from = 0, to = 0, offset = 0, inode = 0;
    unsigned major = 0, minor = 0;
    char mode[5] = "";
    int name = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &from, &to, mode,
                    &offset, &major, &minor, &inode, &name) < 7) {
      return std::nullopt;
    }
    if (to <= reached) continue;
    const bool shared = mode[3] == 's', writable = mode[1] == 'w';
    if (from > reached || inode == 0 || (writable && !shared)) return std::nullopt;
    const std::string path = line.substr(static_cast<size_t>(name));
    const uint64_t at = offset + (reached - from);
    if (!result) {
      struct stat status;
      if (stat(path.c_str(), &status) != 0 || status.st_ino != inode || ::major(status.st_dev) != major ||
          ::minor(status.st_dev) != minor) {
        return std::nullopt;
      }
      const uint64_t left =
          static_cast<uint64_t>(status.st_size) - std::min<uint64_t>(at, static_cast<uint64_t>(status.st_size));
      result = MappedFile{path, at, std::min<uint64_t>(left, length), writable};
    } else if (path != result->path || at != next) {
      return std::nullopt;
    }
    result->writable = result->writable && writable;
    next = at + (to - reached);
    reached = to;
  }
  return reached >= end ? result : std::nullopt;
}

}  // namespace metal_sim
