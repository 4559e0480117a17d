// A range of a file in memory, read-only.
#ifndef METAL_CORE_FILE_MAP_H
#define METAL_CORE_FILE_MAP_H

#include <cstdint>
#include <string>

namespace metal_core {

class FileMap {
 public:
  // byteLength 0: to the end of the file. Throws Error (kFile). A file that somebody truncates while it is mapped makes
  // the process end with SIGBUS when the missing part is read: no handler is installed, as that would take the signal
  // from the application.
  FileMap(const std::string& path, uint64_t offset, uint64_t byteLength);
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  // Whole pages; the range asked for begins `start` bytes into them.
  void* pages() const { return pages_; }
  uint64_t pageBytes() const { return pageBytes_; }
  uint64_t start() const { return start_; }
  uint64_t byteLength() const { return byteLength_; }
  uint8_t* data() const { return static_cast<uint8_t*>(pages_) + start_; }
  // Hands the pages to whoever unmaps them.
  void release() { pages_ = nullptr; }

 private:
  void* pages_ = nullptr;
  uint64_t pageBytes_ = 0, start_ = 0, byteLength_ = 0;
};

}  // namespace metal_core
#endif
