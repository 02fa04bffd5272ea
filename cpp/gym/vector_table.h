// Stepping of many built-in environments in double, per SIMD level (the same bits on each).
#pragma once

#include "core/dispatch.h"

namespace ember {

struct VectorSizes {
  int states, observations, uniforms;
};

// `environment` is a place in EMBER_ENVIRONMENTS; constants: its parameters. State lies part by part: part k
// of environment i at state[k * stride + i]; stride is a multiple of 4.
struct VectorKernels {
  VectorSizes (*sizes)(int environment);
  // u: `uniforms` numbers in [0, 1)
  void (*reset)(int environment, const double* constants, int stride, int i, const double* u, double* state);
  // actions, rewards, terminated: (stride,). Steps the padding, too.
  void (*step)(int environment, const double* constants, int stride, const double* actions, double* state,
               double* rewards, bool* terminated);
  // observations (n, D): gymnasium's float32.
  void (*observe)(int environment, const double* constants, int stride, int n, const double* state,
                  float* observations);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(VectorKernels)
