// Loops over the parameters: optimiser steps and the per-parameter parts of the strategies. Plain float32
// operations, one rounding each unless fma is written, the same bits at every SIMD level.
#pragma once

#include <cstdint>

#include "core/dispatch.h"

namespace ember {

struct AdamStep {
  float weight_decay;  // added to the gradient
  float shrink;        // multiplies theta first (1 - lr * weight_decay of AdamW)
  float one_minus_beta1, beta2, one_minus_beta2, eps;
  float step;  // lr / (1 - beta1^t)
  float root;  // sqrt(1 - beta2^t)
};

struct SgdStep {
  float weight_decay, momentum, step;
  bool first, nesterov;
};

struct VectorOps {
  void (*adam)(const AdamStep&, const float* gradient, std::int64_t n, float* m, float* v, float* theta);
  void (*sgd)(const SgdStep&, const float* gradient, std::int64_t n, float* v, float* theta);
  // sum of x[i]^2, or of (x[i] - y[i])^2 with y: float64, eight interleaved partial sums combined as a tree.
  double (*sum_of_squares)(const float* x, const float* y, std::int64_t n);
  // out = a * x + b * y
  void (*combine)(float a, const float* x, float b, const float* y, std::int64_t n, float* out);
  // out = a * x * y
  void (*multiply)(float a, const float* x, const float* y, std::int64_t n, float* out);
  // theta += a * scale * gradient
  void (*natural_step)(float a, const float* scale, const float* gradient, std::int64_t n, float* theta);
  // scale *= exp(a * gradient), kept within [1e-20, 1e20]
  void (*exponential_step)(float a, const float* gradient, std::int64_t n, float* scale);
  // scale += clamp(a * scale * gradient, +- limit * scale)
  void (*limited_step)(float a, float limit, const float* gradient, std::int64_t n, float* scale);
  // The covariance of SepCMAES: c = keep * c + rank_one * path^2 + rank_mu * c * (gradient + weight_sum), at
  // least 1e-30; scale = sigma * sqrt(c)
  void (*covariance_step)(float keep, float rank_one, float rank_mu, float weight_sum, float sigma,
                          const float* path, const float* gradient, std::int64_t n, float* c, float* scale);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(VectorOps)
