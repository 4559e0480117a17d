#include "file_map.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

namespace metal_core {
namespace {

class File {
 public:
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kFile, "[device.mapFile] expected " + what + ": " + path);
}

}  // namespace

FileMap::FileMap(const std::string& path, uint64_t offset, uint64_t byteLength) {
  const File file(path);
  struct stat status {};
  if (file.descriptor() < 0 || fstat(file.descriptor(), &status) != 0) {
    refuse(path, std::string("a file that can be read, got ") + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) refuse(path, "a regular file, got a directory or device; name the file itself");
  const auto size = static_cast<uint64_t>(status.st_size);
  if (offset >= size || byteLength > size - offset) {
    refuse(path, "a range inside the " + std::to_string(size) + " bytes of the file, got " +
                     (byteLength == 0 ? "the bytes from " : std::to_string(byteLength) + " bytes at ") +
                     std::to_string(offset) + "; the file may be truncated");
  }
  byteLength_ = byteLength == 0 ? size - offset : byteLength;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t first = offset / page * page;
  start_ = offset - first;
  pageBytes_ = (start_ + byteLength_ + page - 1) / page * page;
  pages_ = mmap(nullptr, pageBytes_, PROT_READ, MAP_SHARED, file.descriptor(), static_cast<off_t>(first));
  if (pages_ != MAP_FAILED) return;
  pages_ = nullptr;
  refuse(path, std::string("a file that can be mapped, got ") + std::strerror(errno));
}

FileMap::~FileMap() {
  if (pages_) munmap(pages_, pageBytes_);
}

}  // namespace metal_core
