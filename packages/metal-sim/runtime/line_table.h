// Reads .debug_line (DWARF 5) of an ELF file: which file, line and column an address comes from.
#ifndef METAL_SIM_LINE_TABLE_H
#define METAL_SIM_LINE_TABLE_H

#include <stdint.h>

#include <string>
#include <vector>

namespace sim {

struct SourcePlace {
  std::string file;  // empty: unknown
  uint32_t line = 0, column = 0;
};

class LineTable {
 public:
  // Address relative to the image's load bias. Reads `path` at the first call; what cannot be read is unknown.
  SourcePlace find(const std::string& path, uint64_t address);

 private:
  struct Row {
    uint64_t address;
    uint32_t file, line, column;
    bool end;  // of a sequence: no code from here on
    uint32_t order;
  };
  friend class LineProgram;

  void read(const std::string& path);

  bool read_ = false;
  std::vector<Row> rows_;  // by address
  std::vector<std::string> files_;
};

}  // namespace sim
#endif
