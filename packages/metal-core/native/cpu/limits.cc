#include "limits.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace metal_core {
namespace {

#if defined(__linux__)

// The first word of a file, or empty.
std::string firstWords(const std::string& path, std::string* second = nullptr) {
  std::ifstream file(path);
  std::string first;
  file >> first;
  if (second) file >> *second;
  return first;
}

// A positive number, or 0 ("max", "-1", an absent file).
double number(const std::string& text) {
  if (text.empty() || text.size() > 20) return 0;
  for (char c : text) {
    if (c < '0' || c > '9') return 0;
  }
  return std::stod(text);
}

bool hasWord(const std::string& list, const std::string& word) {
  std::stringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) {
    if (item == word) return true;
  }
  return false;
}

// Where a cgroup hierarchy is mounted, and which of its groups appears there as the root.
struct Mount {
  std::string point, root;
};

// /proc/self/mountinfo: id parent dev root point options... - type source super-options
Mount findMount(const std::string& root, const std::string& type, const std::string& controller) {
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::stringstream left(line.substr(0, dash)), right(line.substr(dash + 3));
    std::string id, parent, device, mountRoot, point, fileSystem, source, options;
    left >> id >> parent >> device >> mountRoot >> point;
    right >> fileSystem >> source >> options;
    if (fileSystem == type && (controller.empty() || hasWord(options, controller))) return {point, mountRoot};
  }
  return {};
}

// The process's group in a hierarchy. /proc/self/cgroup: id:controllers:path (v2: 0::path).
std::string groupOf(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t a = line.find(':'), b = a == std::string::npos ? a : line.find(':', a + 1);
    if (b == std::string::npos) continue;
    const std::string controllers = line.substr(a + 1, b - a - 1);
    if (controller.empty() ? controllers.empty() : hasWord(controllers, controller)) return line.substr(b + 1);
  }
  return "/";
}

// The folders of the process's group and of its ancestors, as far as the mount shows them.
std::vector<std::string> groupFolders(const std::string& root, const std::string& type, const std::string& controller) {
  const Mount mount = findMount(root, type, controller);
  if (mount.point.empty()) return {};
  std::string group = groupOf(root, controller);
  if (mount.root.size() > 1 && group.compare(0, mount.root.size(), mount.root) == 0) group.erase(0, mount.root.size());
  std::vector<std::string> folders;
  while (!group.empty() && group != "/") {
    folders.push_back(root + mount.point + group);
    const size_t slash = group.rfind('/');
    group.erase(slash == std::string::npos ? 0 : slash);
  }
  folders.push_back(root + mount.point);
  return folders;
}

void tighten(double& limit, double value) {
  if (value > 0 && (limit == 0 || value < limit)) limit = value;
}

void readCgroups(const std::string& root, SystemLimits& limits) {
  double memory = 0;
  for (const std::string& folder : groupFolders(root, "cgroup2", "")) {
    std::string period;
    const double quota = number(firstWords(folder + "/cpu.max", &period));
    if (number(period) > 0) tighten(limits.quotaCores, quota / number(period));
    tighten(memory, number(firstWords(folder + "/memory.max")));
  }
  for (const std::string& folder : groupFolders(root, "cgroup", "cpu")) {
    const double quota = number(firstWords(folder + "/cpu.cfs_quota_us"));
    const double period = number(firstWords(folder + "/cpu.cfs_period_us"));
    if (period > 0) tighten(limits.quotaCores, quota / period);
  }
  for (const std::string& folder : groupFolders(root, "cgroup", "memory")) {
    tighten(memory, number(firstWords(folder + "/memory.limit_in_bytes")));
  }
  if (memory > 0 && memory < static_cast<double>(limits.memoryBytes)) {
    limits.memoryBytes = static_cast<uint64_t>(memory);
  }
}

uint32_t affinityCores() {
  // A machine may have more processors than a cpu_set_t holds: grow until the kernel is content.
  for (int processors = 1024; processors <= 1 << 20; processors *= 4) {
    cpu_set_t* set = CPU_ALLOC(processors);
    if (!set) break;
    const size_t bytes = CPU_ALLOC_SIZE(processors);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return static_cast<uint32_t>(count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

#endif

}  // namespace

SystemLimits readLimits(const std::string& root) {
  SystemLimits limits;
#if defined(__linux__)
  limits.affinityCores = affinityCores();
  limits.memoryBytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  readCgroups(root, limits);
#elif defined(__APPLE__)
  (void)root;
  int cores = 0;
  uint64_t memory = 0;
  size_t size = sizeof cores;
  if (sysctlbyname("hw.activecpu", &cores, &size, nullptr, 0) != 0 || cores < 1) cores = 1;
  size = sizeof memory;
  if (sysctlbyname("hw.memsize", &memory, &size, nullptr, 0) != 0) memory = 0;
  limits.affinityCores = static_cast<uint32_t>(cores);
  limits.memoryBytes = memory;
#else
  (void)root;
  limits.affinityCores = std::max(1u, std::thread::hardware_concurrency());
#endif
  limits.cores = limits.affinityCores;
  if (limits.quotaCores > 0) {
    limits.cores = std::min(limits.cores, std::max(1u, static_cast<uint32_t>(std::ceil(limits.quotaCores))));
  }
  return limits;
}

}  // namespace metal_core
