// The dense layer under noise of low rank (noise/perturbation.h), members in lanes over shared weights: contract
// "one neuron" over the mean's weights from the member's bias, then y = fma(u_j, b_j, y) for j in order, where
// u_j = c t_j is rounded once and t_j is one neuron of a_j over x without a bias.
#pragma once

#include "core/math.h"
#include "policy/low_rank_policy.h"

namespace ember {
namespace EMBER_LEVEL {

// The sum of a and x over `inputs` lanes of numbers: t_j.
EMBER_INLINE vfloat low_rank_dot(int inputs, const float* a, const float* x) {
  vfloat s[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  int i = 0;
  for (; i + 4 <= inputs; i += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) s[k] = fma(load(a + (i + k) * lanes), load(x + (i + k) * lanes), s[k]);
  }
  for (int k = 0; i < inputs; ++i, ++k) s[k] = fma(load(a + i * lanes), load(x + i * lanes), s[k]);
  if (inputs > 1) s[0] = s[0] + s[1];
  if (inputs == 3) s[0] = s[0] + s[2];
  if (inputs > 3) s[0] = s[0] + (s[2] + s[3]);
  return s[0];
}

// What G groups of members need of a layer: their own numbers, inputs and outputs.
template <int G>
struct LowRankLanes {
  const float* own[G];  // (compact, lanes)
  const float* x[G];    // (inputs, lanes)
  float* y[G];          // (outputs, lanes)
  const float* u[G];    // (rank, lanes)
  bool tanh;            // of the outputs, while they are in registers
};

// A tile of `units` outputs from o on, of which `count` there are; w: its weights.
template <int units, int G>
EMBER_INLINE void low_rank_tile_of(const LowRankPlan& plan, const LowRankLayer& layer,
                                   const LowRankLanes<G>& groups, int o, int count, const float* w) {
  const int inputs = layer.own.inputs, outputs = layer.own.outputs, rank = plan.rank;
  const std::int64_t bias = layer.own.bias, b = layer.b;
  const float *x[G], *own[G], *u[G];
  float* y[G];
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) {
    x[g] = groups.x[g];
    own[g] = groups.own[g];
    u[g] = groups.u[g];
    y[g] = groups.y[g];
  }
  // The partial sums, one after the other: a single loop, whose sums and inputs the compiler keeps in registers.
  alignas(64) float kept[4][units * G * lanes];
  for (int k = 0; k < 4 && k < inputs; ++k) {
    vfloat s[units][G];
#pragma GCC unroll 8
    for (int j = 0; j < units; ++j) {
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) {
        const bool biased = k == 0 && bias >= 0 && j < count;
        s[j][g] = biased ? load(own[g] + (bias + o + j) * lanes) : splat(0.0f);
      }
    }
    for (int i = k; i < inputs; i += 4, w += units) {
      vfloat in[G];
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) in[g] = load(x[g] + i * lanes);
#pragma GCC unroll 8
      for (int j = 0; j < units; ++j) {
        const vfloat weight = splat(w[j]);
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) s[j][g] = fma(weight, in[g], s[j][g]);
      }
    }
#pragma GCC unroll 8
    for (int j = 0; j < units; ++j) {
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) store(kept[k] + (j * G + g) * lanes, s[j][g]);
    }
  }
  vfloat sum[units][G];
#pragma GCC unroll 8
  for (int j = 0; j < units; ++j) {
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) {
      const auto part = [&](int k) EMBER_INLINE_LAMBDA { return load(kept[k] + (j * G + g) * lanes); };
      sum[j][g] = part(0);
      if (inputs > 1) sum[j][g] = sum[j][g] + part(1);
      if (inputs == 3) sum[j][g] = sum[j][g] + part(2);
      if (inputs > 3) sum[j][g] = sum[j][g] + (part(2) + part(3));
    }
  }
  for (int r = 0; r < rank; ++r) {
    const std::int64_t at = (b + (std::int64_t)r * outputs + o) * lanes;
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) {
      const vfloat factor = load(u[g] + r * lanes);
#pragma GCC unroll 8
      for (int j = 0; j < units; ++j) {
        if (j < count) sum[j][g] = fma(factor, load(own[g] + at + j * lanes), sum[j][g]);
      }
    }
  }
  if (groups.tanh) {
#pragma GCC unroll 8
    for (int j = 0; j < units; ++j) {
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) sum[j][g] = tanh(sum[j][g]);
    }
  }
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) {
#pragma GCC unroll 8
    for (int j = 0; j < units; ++j) {
      if (j < count) store(y[g] + (o + j) * lanes, sum[j][g]);
    }
  }
}

template <int G>
EMBER_INLINE void dense_low_rank(const LowRankPlan& plan, const LowRankLayer& layer,
                                 const LowRankLanes<G>& groups) {
  const std::int64_t inputs = layer.own.inputs;
  const int outputs = layer.own.outputs;
  const float* w = plan.shared + layer.shared;
  for (int o = 0, tile = 0; o < outputs; o += tile, w += inputs * tile) {
    tile = low_rank_tile(outputs - o, lanes);
    const int count = outputs - o < tile ? outputs - o : tile;
    if (lanes > 8 && tile == 8) {
      low_rank_tile_of<8, G>(plan, layer, groups, o, count, w);
    } else {
      low_rank_tile_of<4, G>(plan, layer, groups, o, count, w);
    }
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
