#ifndef METAL_SIM_OBJC_REPORT_H
#define METAL_SIM_OBJC_REPORT_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace metal_sim {

// A `report` line of the runner as one line for people: kind, kernel, message, then each place with file:line:column,
// kernel and threads.
std::string reportText(const std::vector<std::string_view>& fields);
// The dispatch of its first place, counted from the batch's first.
size_t reportDispatch(const std::vector<std::string_view>& fields);

}  // namespace metal_sim
#endif
