// What noise of low rank adds to a layer with output units in lanes: one member's vectors, contiguous.
#pragma once

#include "core/simd.h"
#include "policy/low_rank_policy.h"

namespace ember {
namespace EMBER_LEVEL {

// y (outputs,) += c sum_j t_j b_j as dense_low_rank.h says, for x (inputs,) and the member's own numbers.
inline void add_low_rank(const LowRankPlan& plan, const LowRankLayer& layer, const float* own, float c,
                         const float* x, float* y) {
  if (!layer.low) return;
  const int inputs = layer.own.inputs, outputs = layer.own.outputs;
  const float *a = own + layer.a, *b = own + layer.b;
  for (int j = 0; j < plan.rank; ++j, a += inputs, b += outputs) {
    vfloat s[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
    int i = 0;
    for (; i + 4 <= inputs; i += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) s[k] = fma(splat(a[i + k]), splat(x[i + k]), s[k]);
    }
    for (int k = 0; i < inputs; ++i, ++k) s[k] = fma(splat(a[i]), splat(x[i]), s[k]);
    if (inputs > 1) s[0] = s[0] + s[1];
    if (inputs == 3) s[0] = s[0] + s[2];
    if (inputs > 3) s[0] = s[0] + (s[2] + s[3]);
    const vfloat u = vfloat(c) * s[0];
    int o = 0;
    for (; o + lanes <= outputs; o += lanes) store(y + o, fma(u, load(b + o), load(y + o)));
    if (o < outputs) {
      store_first(y + o, fma(u, load_first(b + o, outputs - o), load_first(y + o, outputs - o)), outputs - o);
    }
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
