#include "core/checked.h"

#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace ember {
namespace {

double memory_of_machine() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<double>(pages) * static_cast<double>(size) : 1e18;
}

}  // namespace

void refuse(const std::string& message) { throw std::invalid_argument(message); }

int checked_int(const std::string& name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most) {
    refuse(name + ": got " + std::to_string(value) + ", wanted " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  return static_cast<int>(value);
}

std::size_t checked_count(const char* what, std::initializer_list<std::int64_t> factors, std::size_t size) {
  static const double memory = memory_of_machine();
  double bytes = static_cast<double>(size);
  std::size_t count = 1;
  for (const std::int64_t factor : factors) {
    bytes *= static_cast<double>(factor);
    count *= static_cast<std::size_t>(factor);  // exact where bytes fit the memory
  }
  if (bytes > memory) {
    char text[96];
    std::snprintf(text, sizeof text, ": wanted %.3g GB of memory, this machine has %.3g GB", bytes / 1e9,
                  memory / 1e9);
    throw OutOfMemory(what + std::string(text));
  }
  return count;
}

}  // namespace ember
