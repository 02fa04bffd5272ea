#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "core/threads.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace ember {
namespace {

// The first two words of a file as numbers; "max" and what is missing are 0.
struct Pair {
  double first = 0.0, second = 0.0;
};

Pair numbers(const std::string& path) {
  std::ifstream file(path);
  std::string first, second;
  file >> first >> second;
  return {std::strtod(first.c_str(), nullptr), std::strtod(second.c_str(), nullptr)};
}

// "/a/b" becomes "/a", "/a" becomes "".
std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool has_word(const std::string& list, const std::string& word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');) {
    if (each == word) return true;
  }
  return false;
}

}  // namespace

double cpu_quota(const std::string& groups, const std::string& mount) {
  double least = INFINITY;
  const auto take = [&least](double quota, double period) {
    if (quota > 0.0 && period > 0.0) least = std::min(least, quota / period);
  };
  std::ifstream file(groups);
  // Lines of "number:controllers:path"; version 2 has no controllers.
  for (std::string line; std::getline(file, line);) {
    const std::size_t one = line.find(':'), two = line.find(':', one + 1);
    if (one == std::string::npos || two == std::string::npos) continue;
    const std::string controllers = line.substr(one + 1, two - one - 1);
    if (!controllers.empty() && !has_word(controllers, "cpu")) continue;
    // A group is bound by its ancestors too. In a container the path may be one of outside: then the root of
    // the mount is the container's own group, which the last turn reads.
    for (std::string path = line.substr(two + 1);; path = parent(path)) {
      if (path == "/") path.clear();
      if (controllers.empty()) {
        const Pair max = numbers(mount + path + "/cpu.max");
        take(max.first, max.second);
      } else {
        for (const std::string& name : {std::string("cpu"), controllers}) {
          const std::string folder = mount + "/" + name + path;
          take(numbers(folder + "/cpu.cfs_quota_us").first, numbers(folder + "/cpu.cfs_period_us").first);
        }
      }
      if (path.empty()) break;
    }
  }
  return least;
}

int available_threads() {
  int count = 0;
#if defined(__linux__)
  // Asked every time, as it may be changed while the process runs; the call takes half a microsecond.
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) count = CPU_COUNT(&mask);
#endif
  if (count == 0)
    count = static_cast<int>(std::thread::hardware_concurrency());  // not Linux, or over 1024 cores
  static const double quota = cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return std::max(1, static_cast<int>(std::min<double>(count, std::ceil(quota))));
}

}  // namespace ember
