// The dense layer of contract "one neuron" (policy.h) with episodes in lanes. Defines what layers.h declares.
#pragma once

#include "policy/layers.h"

namespace ember {
namespace EMBER_LEVEL {

template <int N>
struct Count {
  static constexpr int value = N;
};

template <int G>
void dense_episodes(const LayerPlan& layer, const float* theta, const float* const* x, float* const* y) {
#if defined(EMBER_SIMD_AVX512)
  constexpr int registers = 16;  // of 32, for sums
#else
  constexpr int registers = 8;  // of 16
#endif
  constexpr int units = G == 3 ? registers * 3 / 8 : registers / G;  // outputs in a tile
  const int inputs = layer.inputs, outputs = layer.outputs;
  const float* weights = theta + layer.weights;
  const float* bias = layer.bias < 0 ? nullptr : theta + layer.bias;
  struct Inputs {
    vfloat v[G];
  };
  const float* xs[G];
  float* ys[G];
  for (int g = 0; g < G; ++g) {
    xs[g] = x[g];
    ys[g] = y[g];
  }
  const auto tile = [&](auto count, int o) EMBER_INLINE_LAMBDA {
    constexpr int units_here = decltype(count)::value;
    const float* from = weights + o;
    const auto begin = [&](int j) { return bias ? splat(bias[o + j]) : splat(0.0f); };
    vfloat s[units_here][G];
    float kept[2][units_here * G * lanes];
    const auto each = [&](auto f) EMBER_INLINE_LAMBDA {
#pragma GCC unroll 16
      for (int j = 0; j < units_here; ++j) {
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) f(j, g, (j * G + g) * lanes);
      }
    };
    const auto pass = [&](int k) EMBER_INLINE_LAMBDA {
      for (int i = k; i < inputs; i += 4) {
        Inputs in;
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) in.v[g] = load(xs[g] + i * lanes);
        const float* w = from + (std::int64_t)i * outputs;
#pragma GCC unroll 16
        for (int j = 0; j < units_here; ++j) {
          const vfloat weight = splat(w[j]);
#pragma GCC unroll 4
          for (int g = 0; g < G; ++g) s[j][g] = fma(weight, in.v[g], s[j][g]);
        }
      }
    };
    const auto zero = [&]() EMBER_INLINE_LAMBDA { each([&](int j, int g, int) { s[j][g] = splat(0.0f); }); };
    each([&](int j, int g, int) { s[j][g] = begin(j); });
    pass(0);
    if (inputs > 1) {
      each([&](int j, int g, int at) { store(kept[0] + at, s[j][g]); });
      zero();
      pass(1);
      each([&](int j, int g, int at) { s[j][g] = load(kept[0] + at) + s[j][g]; });
    }
    if (inputs > 2) {
      each([&](int j, int g, int at) { store(kept[0] + at, s[j][g]); });
      zero();
      pass(2);
      if (inputs > 3) {
        each([&](int j, int g, int at) { store(kept[1] + at, s[j][g]); });
        zero();
        pass(3);
        each([&](int j, int g, int at) { s[j][g] = load(kept[1] + at) + s[j][g]; });
      }
      each([&](int j, int g, int at) { s[j][g] = load(kept[0] + at) + s[j][g]; });
    }
    each([&](int j, int g, int) { store(ys[g] + (o + j) * lanes, s[j][g]); });
  };
  int o = 0;
  for (; o + units <= outputs; o += units) tile(Count<units>{}, o);
  for (; o < outputs; ++o) tile(Count<1>{}, o);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
