// SIMD level of this process and the tables of kernels compiled for it.
//
// A kernel source (*_kernels.cpp) is compiled once per level with EMBER_LEVEL set to the level's name. It
// puts all its code into `namespace ember::EMBER_LEVEL` (so that no inline function compiled for AVX2 can be
// linked into base code) and ends with EMBER_EXPORT_KERNELS(Table, {...}). Callers write
// `kernels<Table>().function(...)`.
#pragma once

#include <string>
#include <vector>

namespace ember {

enum class SimdLevel { base, avx2, avx512, neon };

// The level in use: the environment variable EMBER_SIMD (base | avx2 | avx512 | neon) if set, else the best this CPU
// has. Decided once, at the first call. Throws std::invalid_argument if EMBER_SIMD names an unknown or absent
// level.
SimdLevel simd_level();
// The level for what takes turns with longer work that is not ours, a physics simulation: AVX2 where the best is
// AVX-512. On Intel's processors multiply-adds of 512 bits slow the whole core's clock for about a millisecond;
// measured on Sapphire Rapids, a few of them between MuJoCo's steps cost its steps 4 to 9%. EMBER_SIMD is obeyed.
SimdLevel simd_level_between_other_work();
const char* simd_name(SimdLevel level);
// Levels that are compiled in and that this CPU can run, lowest first.
std::vector<SimdLevel> available_levels();
// The level of that name. Throws std::invalid_argument if unknown or not available here.
SimdLevel level_from_name(const std::string& name);

// Table of one level: each concept specialises it through EMBER_DECLARE_KERNELS(Table).
template <class Table>
const Table& kernels(SimdLevel level);
template <class Table>
const Table& kernels() {
  return kernels<Table>(simd_level());
}

}  // namespace ember

#if defined(__x86_64__) || defined(_M_X64)
#define EMBER_DECLARE_KERNELS(Table)                    \
  namespace ember {                                     \
  namespace base {                                      \
  extern const Table Table##_kernels;                   \
  }                                                     \
  namespace avx2 {                                      \
  extern const Table Table##_kernels;                   \
  }                                                     \
  namespace avx512 {                                    \
  extern const Table Table##_kernels;                   \
  }                                                     \
  template <>                                           \
  inline const Table& kernels<Table>(SimdLevel level) { \
    switch (level) {                                    \
      case SimdLevel::avx512:                           \
        return avx512::Table##_kernels;                 \
      case SimdLevel::avx2:                             \
        return avx2::Table##_kernels;                   \
      default:                                          \
        return base::Table##_kernels;                   \
    }                                                   \
  }                                                     \
  }
#elif defined(__aarch64__) || defined(_M_ARM64)
#define EMBER_DECLARE_KERNELS(Table)                                                 \
  namespace ember {                                                                  \
  namespace base {                                                                   \
  extern const Table Table##_kernels;                                                \
  }                                                                                  \
  namespace neon {                                                                   \
  extern const Table Table##_kernels;                                                \
  }                                                                                  \
  template <>                                                                        \
  inline const Table& kernels<Table>(SimdLevel level) {                              \
    return level == SimdLevel::neon ? neon::Table##_kernels : base::Table##_kernels; \
  }                                                                                  \
  }
#else
#define EMBER_DECLARE_KERNELS(Table)              \
  namespace ember {                               \
  namespace base {                                \
  extern const Table Table##_kernels;             \
  }                                               \
  template <>                                     \
  inline const Table& kernels<Table>(SimdLevel) { \
    return base::Table##_kernels;                 \
  }                                               \
  }
#endif

// At the end of a kernel source, at global scope. `extern` because a const object has internal linkage
// otherwise.
#define EMBER_EXPORT_KERNELS(Table, ...)     \
  namespace ember {                          \
  namespace EMBER_LEVEL {                    \
  extern const Table Table##_kernels;        \
  const Table Table##_kernels = __VA_ARGS__; \
  }                                          \
  }
