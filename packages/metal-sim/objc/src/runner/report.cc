#include "report.h"

#include <cstdlib>

#include "wire.h"

namespace metal_sim {
namespace {

std::string triple(const std::vector<std::string_view>& f, size_t at) {
  return "(" + std::string(f[at]) + ", " + std::string(f[at + 1]) + ", " + std::string(f[at + 2]) + ")";
}

// ROLE,FILE,LINE,COLUMN,INDEX,KERNEL,TX,TY,TZ,GX,GY,GZ
std::string placeText(std::string_view place) {
  const auto f = fields(place, ',');
  if (f.size() < 12) return std::string(place);
  const std::string file = decoded(f[1]);
  const std::string where =
      file.empty() ? "an unknown place" : file + ":" + std::string(f[2]) + ":" + std::string(f[3]);
  return std::string(f[0]) + " at " + where + " in " + decoded(f[5]) + " by thread " + triple(f, 6) +
         " of threadgroup " + triple(f, 9);
}

}  // namespace

// report KIND KERNEL LABEL MESSAGE TIMES PLACE…
std::string reportText(const std::vector<std::string_view>& f) {
  if (f.size() < 6) return "a report that cannot be read";
  const std::string label = decoded(f[3]);
  std::string text = std::string(f[1]) + " in " + decoded(f[2]) + (label.empty() ? "" : " (" + label + ")") + ": " +
                     decoded(f[4]) + (f[5] == "1" ? "" : " [" + std::string(f[5]) + " times]");
  for (size_t i = 6; i < f.size(); ++i) text += "; " + placeText(f[i]);
  return text;
}

size_t reportDispatch(const std::vector<std::string_view>& f) {
  const auto place = f.size() > 6 ? fields(f[6], ',') : std::vector<std::string_view>();
  return place.size() > 4 ? std::strtoul(std::string(place[4]).c_str(), nullptr, 10) : 0;
}

}  // namespace metal_sim
