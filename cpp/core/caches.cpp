#include "core/caches.h"

#include <unistd.h>

namespace ember {
namespace {

double size_of(int name, double otherwise) {
  const long bytes = name < 0 ? 0 : sysconf(name);
  return bytes > 0 ? static_cast<double>(bytes) : otherwise;
}

#if defined(_SC_LEVEL1_DCACHE_SIZE) && defined(_SC_LEVEL2_CACHE_SIZE)
constexpr int first_level = _SC_LEVEL1_DCACHE_SIZE, second_level = _SC_LEVEL2_CACHE_SIZE;
#else
constexpr int first_level = -1, second_level = -1;
#endif

}  // namespace

const Caches& caches() {
  static const Caches sizes{size_of(first_level, 32.0 * 1024), size_of(second_level, 512.0 * 1024)};
  return sizes;
}

}  // namespace ember
