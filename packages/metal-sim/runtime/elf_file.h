// The sections of an ELF file that LineTable reads.
#ifndef METAL_SIM_ELF_FILE_H
#define METAL_SIM_ELF_FILE_H

#include <string>
#include <string_view>

namespace sim {

struct DebugSections {
  std::string_view lines, line_strings, strings;
};

// Sections that the file lacks, or that are compressed, are empty; so are all where it is no 64-bit ELF file.
DebugSections debug_sections(std::string_view file);

// The whole file; empty when it cannot be read.
std::string contents_of(const std::string& path);

}  // namespace sim
#endif
