// The dense layer of contract "one neuron" (policy.h) with output units in lanes: one member at a time, its
// parameters in a copy of their own (pack_units.h).
#pragma once

#include "policy/dense_blocks.h"
#include "policy/layers.h"
#include "policy/pack_units.h"

namespace ember {
namespace EMBER_LEVEL {

// Few outputs, `together` partial sums of each in a vector. The lanes beyond the outputs mean nothing.
template <int together>
EMBER_INLINE vfloat dense_units_few(int inputs, const float* bias, const float* weights, const float* x) {
  constexpr int width = lanes / together, chains = 4 / together;
  vfloat s[chains];
  s[0] = load(bias);  // and zeros behind it
  if (chains > 1) s[chains - 1] = splat(0.0f);
  for (int i = 0; i < inputs; i += 4) {
#pragma GCC unroll 2
    for (int c = 0; c < chains; ++c) {
      const int at = i + c * together;
      s[c] = fma(load(weights + at * width), repeat<width>(x + at), s[c]);
    }
  }
  if (together == 2) return (s[0] + swap_halves(s[0])) + (s[1] + swap_halves(s[1]));
  const vfloat pairs = s[0] + swap_quarters(s[0]);
  return pairs + swap_halves(pairs);
}

// One vector of outputs: the loads are what counts, so four inputs come with one of them.
EMBER_INLINE vfloat dense_units_one(int inputs, int width, const float* bias, const float* weights,
                                    const float* x) {
  vfloat s[4] = {load(bias), splat(0.0f), splat(0.0f), splat(0.0f)};
  for (int i = 0; i < inputs; i += 4, weights += 4 * width) {
    s[0] = fma(load(weights), splat_of_four<0>(x + i), s[0]);
    s[1] = fma(load(weights + width), splat_of_four<1>(x + i), s[1]);
    s[2] = fma(load(weights + 2 * width), splat_of_four<2>(x + i), s[2]);
    s[3] = fma(load(weights + 3 * width), splat_of_four<3>(x + i), s[3]);
  }
  return (s[0] + s[1]) + (s[2] + s[3]);
}

template <Activation then>
static void dense_units_with(const LayerPlan& layer, const float* copy, const float* x, float* y, bool back) {
  const int width = padded(layer.outputs, lanes), vectors = width / lanes, inputs = layer.inputs;
  const float* bias = copy + layer.rows;
  const float* weights = bias + width;
  const auto put = [&y](int j, vfloat sum) EMBER_INLINE_LAMBDA { store(y + j * lanes, activate(then, sum)); };
  switch (sums_side_by_side(layer)) {
    case 4:
      return put(0, dense_units_few<4>(inputs, bias, weights, x));
    case 2:
      return put(0, dense_units_few<2>(inputs, bias, weights, x));
    default:
      break;
  }
  const auto few = [&](auto run) EMBER_INLINE_LAMBDA {
    run(
        vectors, [=](int i) { return splat(x[i]); },
        [=](int i, int j) { return load(weights + i * width + j * lanes); },
        [=](int j) { return load(bias + j * lanes); }, put);
  };
  switch (inputs) {
    case 1:
      return few([](auto... a) { neurons_few<1>(a...); });
    case 2:
      return few([](auto... a) { neurons_few<2>(a...); });
    case 3:
      return few([](auto... a) { neurons_few<3>(a...); });
    case 4:
      return few([](auto... a) { neurons_few<4>(a...); });
    default:
      break;
  }
  if (back) {
    bias += width;
    weights += (std::int64_t)inputs * width;
    y += width;
  }
  for (int left = vectors; left > 0;) {
    const UnitsBlock block = back ? units_block_before(inputs, left) : units_block(inputs, left);
    const int wide = block.vectors * lanes;
    if (back) {
      bias -= wide;
      weights -= (std::int64_t)inputs * wide;
      y -= wide;
    }
    const auto with = [&](auto run) EMBER_INLINE_LAMBDA {
      run(
          inputs, [=](int i) { return splat(x[i]); },
          [=](int row, int j) { return load(weights + (std::int64_t)row * wide + j * lanes); },
          [=](int j) { return load(bias + j * lanes); }, put);
    };
    switch (block.vectors) {
      case 1:
        if (inputs % 4 == 0) {
          put(0, dense_units_one(inputs, lanes, bias, weights, x));
        } else {
          with([](auto... a) { neuron_block_narrow<1>(a...); });
        }
        break;
      case 2:
        with([](auto... a) { neuron_block_narrow<2>(a...); });
        break;
#if defined(EMBER_SIMD_AVX512)
      case 3:
        with([](auto... a) { neuron_block_narrow<3>(a...); });
        break;
      default:
        with([](auto... a) { neuron_block_narrow<4>(a...); });
#else
      case 4:
        with([](auto... a) { neuron_block<4, true>(a...); });
        break;
      default:
        with([](auto... a) { neuron_block<8, true>(a...); });
#endif
    }
    left -= block.vectors;
    if (back) continue;
    bias += wide;
    weights += (std::int64_t)inputs * wide;
    y += wide;
  }
}

int dense_units(const LayerPlan& layer, const float* copy, const float* x, float* y, bool alone, bool back) {
  const bool activated =
      alone && layer.after_count > 0 && layer.after[0].kind == (int)Elementwise::Kind::activation;
  switch (activated ? (Activation)layer.after[0].activation : Activation::identity) {
    case Activation::tanh:
      dense_units_with<Activation::tanh>(layer, copy, x, y, back);
      return 1;
    case Activation::relu:
      dense_units_with<Activation::relu>(layer, copy, x, y, back);
      return 1;
    default:
      dense_units_with<Activation::identity>(layer, copy, x, y, back);
      return 0;
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
