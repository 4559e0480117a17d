#include "elf_file.h"

#include <stdio.h>
#include <string.h>
#if defined(__linux__)
#include <elf.h>
#endif

namespace sim {

DebugSections debug_sections([[maybe_unused]] std::string_view file) {
  DebugSections found;
#if defined(__linux__)
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return found;
  memcpy(&header, file.data(), sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return found;
  const auto section = [&](size_t i) {
    Elf64_Shdr s = {};
    const size_t at = header.e_shoff + i * sizeof s;
    if (at <= file.size() && sizeof s <= file.size() - at) memcpy(&s, file.data() + at, sizeof s);
    return s;
  };
  const auto contents = [&](const Elf64_Shdr& s) {
    const bool inside = s.sh_offset <= file.size() && s.sh_size <= file.size() - s.sh_offset && (s.sh_flags & SHF_COMPRESSED) == 0;
    return inside ? file.substr(s.sh_offset, s.sh_size) : std::string_view{};
  };
  const std::string_view names = contents(section(header.e_shstrndx));
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr s = section(i);
    if (s.sh_name >= names.size()) continue;
    const std::string_view name = names.substr(s.sh_name, names.find('\0', s.sh_name) - s.sh_name);
    if (name == ".debug_line") found.lines = contents(s);
    if (name == ".debug_line_str") found.line_strings = contents(s);
    if (name == ".debug_str") found.strings = contents(s);
  }
#endif
  return found;
}

std::string contents_of(const std::string& path) {
  std::string text;
  FILE* file = fopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  char part[65536];
  for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) text.append(part, n);
  fclose(file);
  return text;
}

}  // namespace sim
