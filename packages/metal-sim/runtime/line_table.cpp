#include "line_table.h"

#include <string.h>

#include <algorithm>
#include <string_view>

#include "elf_file.h"

namespace sim {

// Bytes of a section, read from front to back; past the end there are zeros.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes = {}) : bytes_(bytes) {}
  bool done() const { return position_ >= bytes_.size(); }
  size_t position() const { return position_; }
  void seek(size_t position) { position_ = std::min(position, bytes_.size()); }
  void skip(size_t count) { seek(count > bytes_.size() - position_ ? bytes_.size() : position_ + count); }
  uint64_t fixed(size_t size) {
    uint64_t value = 0;
    if (size <= sizeof value && size <= bytes_.size() - position_) memcpy(&value, bytes_.data() + position_, size);
    skip(size);
    return value;
  }
  uint64_t uleb() {
    uint64_t value = 0;
    for (uint32_t shift = 0; !done(); shift += 7) {
      const uint64_t byte = fixed(1);
      if (shift < 64) value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  }
  int64_t sleb() {
    uint64_t value = 0;
    for (uint32_t shift = 0; !done();) {
      const uint64_t byte = fixed(1);
      if (shift < 64) value |= (byte & 127) << shift;
      shift += 7;
      if (byte >= 128) continue;
      if (shift < 64 && (byte & 64) != 0) value |= ~uint64_t{0} << shift;
      break;
    }
    return static_cast<int64_t>(value);
  }
  std::string_view text() {
    const size_t end = std::min(bytes_.find('\0', position_), bytes_.size());
    const std::string_view value = bytes_.substr(position_, end - position_);
    seek(end + 1);
    return value;
  }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
};

// One unit of the section: a header with directories and files, then a program that makes rows.
class LineProgram {
 public:
  LineProgram(LineTable& table, const DebugSections& sections, std::string_view unit, bool wide)
      : table_(table), sections_(sections), unit_(unit), offset_size_(wide ? 8 : 4) {}

  void run() {
    if (unit_.fixed(2) != 5) return;
    unit_.skip(2);  // sizes of addresses and segment selectors
    const uint64_t header = unit_.fixed(offset_size_);
    const size_t program = unit_.position() + header;
    const uint64_t min_length = unit_.fixed(1);
    unit_.skip(2);  // operations of an instruction, default of is_stmt
    const auto line_base = static_cast<int8_t>(unit_.fixed(1));
    const uint64_t line_range = std::max<uint64_t>(unit_.fixed(1), 1);
    const uint64_t opcode_base = unit_.fixed(1);
    std::vector<uint8_t> lengths(opcode_base);
    for (uint64_t i = 1; i < opcode_base; ++i) lengths[i] = static_cast<uint8_t>(unit_.fixed(1));
    const std::vector<Entry> directories = entries();
    const auto first_file = static_cast<uint32_t>(table_.files_.size());
    for (const Entry& file : entries()) {
      const bool relative = !file.path.empty() && file.path[0] != '/' && file.directory < directories.size() && file.directory != 0;
      table_.files_.push_back(relative ? directories[file.directory].path + "/" + file.path : file.path);
    }

    unit_.seek(program);
    LineTable::Row row{0, 1, 1, 0, false, 0};
    const auto emit = [&] {
      LineTable::Row out = row;
      out.file += first_file;
      out.order = static_cast<uint32_t>(table_.rows_.size());
      table_.rows_.push_back(out);
    };
    while (!unit_.done()) {
      const uint64_t opcode = unit_.fixed(1);
      if (opcode >= opcode_base) {
        const uint64_t step = opcode - opcode_base;
        row.address += step / line_range * min_length;
        row.line += static_cast<uint32_t>(line_base + static_cast<int64_t>(step % line_range));
        emit();
      } else if (opcode == 0) {
        const uint64_t size = unit_.uleb();
        const size_t next = unit_.position() + size;
        const uint64_t extended = unit_.fixed(1);
        if (extended == 1) {  // end of sequence
          row.end = true;
          emit();
          row = {0, 1, 1, 0, false, 0};
        } else if (extended == 2) {
          row.address = unit_.fixed(size - 1);
        }
        unit_.seek(next);
      } else if (opcode == 1) {
        emit();
      } else if (opcode == 2) {
        row.address += unit_.uleb() * min_length;
      } else if (opcode == 3) {
        row.line += static_cast<uint32_t>(unit_.sleb());
      } else if (opcode == 4) {
        row.file = static_cast<uint32_t>(unit_.uleb());
      } else if (opcode == 5) {
        row.column = static_cast<uint32_t>(unit_.uleb());
      } else if (opcode == 8) {
        row.address += (255 - opcode_base) / line_range * min_length;
      } else if (opcode == 9) {
        row.address += unit_.fixed(2);
      } else {
        for (uint8_t i = 0; i < lengths[opcode]; ++i) unit_.uleb();
      }
    }
  }

 private:
  struct Entry {
    std::string path;
    uint64_t directory = 0;
  };

  std::vector<Entry> entries() {
    std::vector<std::pair<uint64_t, uint64_t>> formats(unit_.fixed(1));
    for (auto& [content, form] : formats) {
      content = unit_.uleb();
      form = unit_.uleb();
    }
    std::vector<Entry> all(std::min<uint64_t>(unit_.uleb(), 65536));
    for (Entry& entry : all) {
      for (const auto& [content, form] : formats) {
        std::string text;
        uint64_t value = 0;
        switch (form) {
          case 0x08: text = unit_.text(); break;                                         // string
          case 0x0e: text = string_at(sections_.strings, unit_.fixed(offset_size_)); break;       // strp
          case 0x1f: text = string_at(sections_.line_strings, unit_.fixed(offset_size_)); break;  // line_strp
          case 0x0b: value = unit_.fixed(1); break;
          case 0x05: value = unit_.fixed(2); break;
          case 0x06: value = unit_.fixed(4); break;
          case 0x07: value = unit_.fixed(8); break;
          case 0x0f: value = unit_.uleb(); break;
          case 0x1e: unit_.skip(16); break;
          case 0x09: unit_.skip(unit_.uleb()); break;
          default: unit_.skip(SIZE_MAX); break;  // unknown: nothing after it can be read
        }
        if (content == 1) entry.path = text;
        if (content == 2) entry.directory = value;
      }
    }
    return all;
  }

  static std::string string_at(std::string_view section, uint64_t offset) {
    Bytes bytes(section);
    bytes.seek(offset);
    return std::string(bytes.text());
  }

  LineTable& table_;
  const DebugSections& sections_;
  Bytes unit_;
  size_t offset_size_;
};

void LineTable::read(const std::string& path) {
  const std::string file = contents_of(path);
  const DebugSections sections = debug_sections(file);
  Bytes all(sections.lines);
  while (!all.done()) {
    uint64_t length = all.fixed(4);
    const bool wide = length == 0xffffffff;
    if (wide) length = all.fixed(8);
    const size_t start = all.position();
    LineProgram(*this, sections, sections.lines.substr(start, length), wide).run();
    all.skip(length);
  }
  // At one address the end of a sequence comes before the start of the next; otherwise the program's last row counts.
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return a.address != b.address ? a.address < b.address : a.end != b.end ? a.end : a.order < b.order;
  });
}

SourcePlace LineTable::find(const std::string& path, uint64_t address) {
  if (!read_) {
    read_ = true;
    read(path);
  }
  auto row = std::upper_bound(rows_.begin(), rows_.end(), address, [](uint64_t a, const Row& r) { return a < r.address; });
  if (row == rows_.begin()) return {};
  --row;
  if (row->end) return {};
  // Line 0 marks code of no line: what stands before it is the best that is known.
  while (row->line == 0 && row != rows_.begin() && !(row - 1)->end) --row;
  if (row->file >= files_.size() || row->line == 0) return {};
  return {files_[row->file], row->line, row->column};
}

}  // namespace sim
