// One dense layer and one activation on arrays, for code that is not compiled per SIMD level.
#pragma once

#include <cstddef>

#include "core/dispatch.h"
#include "policy/policy.h"

namespace ember {

struct DenseKernels {
  // y = activation(x @ weight + bias), row by row, each output by contract "one neuron" (policy.h).
  // x (rows, inputs), weight (inputs, outputs), bias (outputs,) or null, y (rows, outputs); row-major, no
  // overlap.
  void (*dense)(const float* x, std::ptrdiff_t rows, int inputs, int outputs, const float* weight,
                const float* bias, Activation activation, float* y);
  // y[i] = activation(x[i]); y may be x.
  void (*activate)(Activation activation, const float* x, std::ptrdiff_t count, float* y);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(DenseKernels)
