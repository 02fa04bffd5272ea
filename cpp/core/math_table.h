// The functions of math.h over arrays, for tests and for pictures.
#pragma once

#include <cstdint>

#include "core/activations.h"
#include "core/dispatch.h"

namespace ember {

// The last three are simd.h's.
#define EMBER_FUNCTIONS(X) \
  X(exp) X(expm1) X(log) X(log1p) X(erf) X(sin) X(cos) EMBER_ACTIVATIONS(X) X(sqrt) X(abs) X(floor)
#define EMBER_MATH(name) #name,
constexpr const char* math_names[] = {EMBER_FUNCTIONS(EMBER_MATH)};
#undef EMBER_MATH
constexpr int math_functions = sizeof math_names / sizeof math_names[0];

// Two arguments. smaller_sum tests the double lanes: a + b in float64, rounded to float32, where a < b, else
// 0.
constexpr const char* math_binary_names[] = {"min", "max", "copysign", "smaller_sum"};
constexpr int math_binary_functions = sizeof math_binary_names / sizeof math_binary_names[0];

struct MathKernels {
  void (*apply[math_functions])(const float* x, std::int64_t count,
                                float* y);  // x and y may be the same array
  void (*binary[math_binary_functions])(const float* a, const float* b, std::int64_t count, float* y);
  void (*fma)(const float* a, const float* b, const float* c, std::int64_t count, float* y);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(MathKernels)
