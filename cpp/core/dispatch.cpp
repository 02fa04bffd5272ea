#include "core/dispatch.h"

#include <cstdlib>
#include <stdexcept>

#include "core/cpu.h"

namespace ember {
namespace {

bool cpu_has(SimdLevel level) {
  switch (level) {
    case SimdLevel::base:
      return true;
#if defined(__x86_64__)
    case SimdLevel::avx2:
      return cpu::has_avx2_and_fma();
    case SimdLevel::avx512:
      return cpu::has_avx512();
#elif defined(__aarch64__)
    case SimdLevel::neon:
      return true;
#endif
    default:
      return false;
  }
}

bool is_forced() {
  const char* forced = std::getenv("EMBER_SIMD");
  return forced != nullptr && *forced != '\0';
}

SimdLevel choose() {
  return is_forced() ? level_from_name(std::getenv("EMBER_SIMD")) : available_levels().back();
}

}  // namespace

SimdLevel simd_level() {
  static const SimdLevel level = choose();
  return level;
}

SimdLevel simd_level_between_other_work() {
  static const SimdLevel level =
      simd_level() == SimdLevel::avx512 && !is_forced() ? SimdLevel::avx2 : simd_level();
  return level;
}

const char* simd_name(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::avx512:
      return "avx512";
    case SimdLevel::neon:
      return "neon";
    default:
      return "base";
  }
}

std::vector<SimdLevel> available_levels() {
  std::vector<SimdLevel> levels;
  for (SimdLevel level : {SimdLevel::base, SimdLevel::avx2, SimdLevel::avx512, SimdLevel::neon})
    if (cpu_has(level)) levels.push_back(level);
  return levels;
}

SimdLevel level_from_name(const std::string& name) {
  std::string known;
  for (SimdLevel level : available_levels()) {
    if (name == simd_name(level)) return level;
    known += known.empty() ? simd_name(level) : std::string(", ") + simd_name(level);
  }
  throw std::invalid_argument("EMBER_SIMD: '" + name + "' is not a SIMD level of this machine; it has " +
                              known);
}

}  // namespace ember
