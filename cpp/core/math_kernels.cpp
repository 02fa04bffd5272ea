#include "core/math.h"
#include "core/math_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

template <class Function>
EMBER_INLINE void over(const float* x, std::int64_t count, float* y, Function function) {
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(y + i, function(load(x + i)));
  if (i < count) store_first(y + i, function(load_first(x + i, (int)(count - i))), (int)(count - i));
}

#define EMBER_MATH(name)                                              \
  void apply_##name(const float* x, std::int64_t count, float* y) {   \
    over(x, count, y, [](vfloat v) { return EMBER_LEVEL::name(v); }); \
  }
EMBER_FUNCTIONS(EMBER_MATH)
#undef EMBER_MATH

EMBER_INLINE vfloat smaller_sum(vfloat a, vfloat b) {
  return to_float(select(a < b, to_double(a) + to_double(b), vdouble(0.0)));
}

#define EMBER_MATH_BINARY(name)                                                     \
  void apply_##name(const float* a, const float* b, std::int64_t count, float* y) { \
    for (std::int64_t i = 0; i < count; i += lanes) {                               \
      const int n = count - i < lanes ? (int)(count - i) : lanes;                   \
      store_first(y + i, name(load_first(a + i, n), load_first(b + i, n)), n);      \
    }                                                                               \
  }
EMBER_MATH_BINARY(min)
EMBER_MATH_BINARY(max)
EMBER_MATH_BINARY(copysign)
EMBER_MATH_BINARY(smaller_sum)
#undef EMBER_MATH_BINARY

void apply_fma(const float* a, const float* b, const float* c, std::int64_t count, float* y) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    const int n = count - i < lanes ? (int)(count - i) : lanes;
    store_first(y + i, fma(load_first(a + i, n), load_first(b + i, n), load_first(c + i, n)), n);
  }
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

#define EMBER_MATH(name) apply_##name,
EMBER_EXPORT_KERNELS(MathKernels, {{EMBER_FUNCTIONS(EMBER_MATH)},
                                   {apply_min, apply_max, apply_copysign, apply_smaller_sum},
                                   apply_fma})
#undef EMBER_MATH
