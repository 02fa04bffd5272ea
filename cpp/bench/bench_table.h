// Loops that are timed by bench.cpp and have to be compiled per SIMD level.
#pragma once

#include <cstdint>

#include "core/dispatch.h"
#include "policy/plan.h"

namespace ember {

struct BenchKernels {
  int lanes;
  // `count` rounds of 12 independent fused multiply-adds of whole vectors. Returns a number that depends on
  // all.
  float (*fma)(std::int64_t count);
  // Reads `count` floats. Returns their sum.
  float (*read)(const float* from, std::int64_t count);
  // x[i] = tanh(x[i]); count is a multiple of lanes.
  void (*tanh)(float* x, std::int64_t count);
  // `steps` steps of `vectors` vectors of a built-in environment (its number in EMBER_ENVIRONMENTS), begun
  // again when they end; actions come from a fixed pattern. Returns the sum of rewards.
  float (*step)(int environment, const double* constants, int vectors, std::int64_t steps);
  // Additions, multiplications, divisions and fused multiply-adds of one step of a built-in environment.
  int (*operations)(int environment, const double* constants);
  // One forward of each layout: weights as that layout keeps them, x and y (widest, lanes) for each of
  // `groups`.
  void (*forward)(const PolicyPlan& policy, int layout, int groups, const float* weights, float* x, float* y);
  // ember_env's step for the synthetic environment of the comparisons: 17 numbers, 6 actions.
  void (*linear_step)(void* matrix, std::int32_t count, void* states, const float* actions,
                      float* observations, float* rewards, std::uint8_t* flags);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(BenchKernels)
