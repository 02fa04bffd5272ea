// The dense layer of contract "one neuron" (policy.h) with members or episodes in lanes, and the blocks of
// accumulators that all layouts are made of (dense_units.h is the third).
//
// A block holds B independent sums in registers and walks the inputs i = k, k + 4, ... for one k after the
// other: with k outermost eight sums share each input, and the sums of different outputs, not those of one
// neuron, hide the latency of the fma. The finished partial sums wait in y and in a small array.
#pragma once

#include "policy/activation.h"
#include "policy/plan.h"

namespace ember {
namespace EMBER_LEVEL {

// y[j] for j < B: input(i) gives what all sums of the block share, weight(i, j) the other factor, start(j)
// the bias.
template <int B, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neuron_block(int inputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat s[B];
  float first[B * lanes], last[B * lanes];
  const auto pass = [&](int k) EMBER_INLINE_LAMBDA {
    for (int i = k; i < inputs; i += 4) {
      const auto x = input(i);
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) s[j] = fma(weight(i, j), x, s[j]);
    }
  };
  const auto zero = [&]() EMBER_INLINE_LAMBDA {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = splat(0.0f);
  };
#pragma GCC unroll 16
  for (int j = 0; j < B; ++j) s[j] = start(j);
  pass(0);
  if (inputs > 1) {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) store(first + j * lanes, s[j]);
    zero();
    pass(1);
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = load(first + j * lanes) + s[j];
  }
  if (inputs > 2) {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) store(first + j * lanes, s[j]);
    zero();
    pass(2);
    if (inputs > 3) {
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) store(last + j * lanes, s[j]);
      zero();
      pass(3);
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) s[j] = load(last + j * lanes) + s[j];
    }
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = load(first + j * lanes) + s[j];
  }
#pragma GCC unroll 16
  for (int j = 0; j < B; ++j) finish(j, s[j]);
}

// The same sums with the four k side by side: for few outputs, where one k would leave the fma units waiting,
// and for few inputs, where a pass is not worth its loads and stores.
template <int B, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neuron_block_narrow(int inputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat s[B][4];
#pragma GCC unroll 8
  for (int j = 0; j < B; ++j) {
    s[j][0] = start(j);
    s[j][1] = s[j][2] = s[j][3] = splat(0.0f);
  }
  int i = 0;
  for (; i + 4 <= inputs; i += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      const auto x = input(i + k);
#pragma GCC unroll 8
      for (int j = 0; j < B; ++j) s[j][k] = fma(weight(i + k, j), x, s[j][k]);
    }
  }
  const auto rest = [&](int k) EMBER_INLINE_LAMBDA {
    const auto x = input(i + k);
#pragma GCC unroll 8
    for (int j = 0; j < B; ++j) s[j][k] = fma(weight(i + k, j), x, s[j][k]);
  };
  if (i < inputs) rest(0);
  if (i + 1 < inputs) rest(1);
  if (i + 2 < inputs) rest(2);
#pragma GCC unroll 8
  for (int j = 0; j < B; ++j) {
    vfloat sum = s[j][0];
    if (inputs > 1) sum = sum + s[j][1];
    if (inputs > 3) sum = sum + (s[j][2] + s[j][3]);
    if (inputs == 3) sum = sum + s[j][2];
    finish(j, sum);
  }
}

// The same with N inputs, all in registers.
template <int N, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neurons_few(int outputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat x[N];
#pragma GCC unroll 4
  for (int i = 0; i < N; ++i) x[i] = input(i);
#pragma GCC unroll 4
  for (int j = 0; j < outputs; ++j) {
    vfloat s[N];
    s[0] = fma(weight(0, j), x[0], start(j));
#pragma GCC unroll 4
    for (int i = 1; i < N; ++i) s[i] = fma(weight(i, j), x[i], splat(0.0f));
    if (N > 1) s[0] = s[0] + s[1];
    if (N == 3) s[0] = s[0] + s[2];
    if (N == 4) s[0] = s[0] + (s[2] + s[3]);
    finish(j, s[0]);
  }
}

template <bool relu>
inline void dense_members_with(const LayerPlan& layer, const float* w, const float* x, float* y) {
  const auto finished = [](vfloat sum) { return relu ? activate(Activation::relu, sum) : sum; };
  const std::int64_t row = (std::int64_t)layer.outputs * lanes;
  const float* weights = w + layer.weights * lanes;
  const float* bias = layer.bias < 0 ? nullptr : w + layer.bias * lanes;
  const int inputs = layer.inputs, outputs = layer.outputs;
  int o = 0;
  const auto few = [&](auto run, auto start) EMBER_INLINE_LAMBDA {
    run(
        outputs, [=](int i) { return load(x + i * lanes); },
        [=](int i, int j) { return load(weights + i * row + j * lanes); }, start,
        [=](int j, vfloat sum) { store(y + j * lanes, finished(sum)); });
  };
  const auto few_inputs = [&](auto start) EMBER_INLINE_LAMBDA {
    if (inputs == 1) few([](auto... a) { neurons_few<1>(a...); }, start);
    if (inputs == 2) few([](auto... a) { neurons_few<2>(a...); }, start);
    if (inputs == 3) few([](auto... a) { neurons_few<3>(a...); }, start);
    if (inputs == 4) few([](auto... a) { neurons_few<4>(a...); }, start);
  };
  if (inputs <= 4) {
    if (bias) return few_inputs([=](int j) { return load(bias + j * lanes); });
    return few_inputs([](int) { return splat(0.0f); });
  }
  const auto block = [&](auto run) EMBER_INLINE_LAMBDA {
    const float* from = weights + (std::int64_t)o * lanes;
    float* to = y + (std::int64_t)o * lanes;
    run(
        inputs, [=](int i) { return load(x + i * lanes); },
        [=](int i, int j) { return load(from + i * row + j * lanes); },
        [=](int j) { return bias ? load(bias + (o + j) * lanes) : splat(0.0f); },
        [=](int j, vfloat sum) { store(to + j * lanes, finished(sum)); });
  };
  if (inputs >= 16) {
    for (; o + 8 <= outputs; o += 8) block([](auto... a) { neuron_block<8>(a...); });
  }
  for (; o + 2 <= outputs; o += 2) block([](auto... a) { neuron_block_narrow<2>(a...); });
  for (; o < outputs; ++o) block([](auto... a) { neuron_block_narrow<1>(a...); });
}

// Members in lanes. w: theta with parameter p of lane l at w[p * lanes + l]; x, y: (inputs, lanes), (outputs,
// lanes). Returns how many of the operations after the layer are done too: a relu costs nothing here.
inline int dense_members(const LayerPlan& layer, const float* w, const float* x, float* y) {
  const bool relu = layer.after_count > 0 && layer.after[0].kind == (int)Elementwise::Kind::activation &&
                    layer.after[0].activation == (int)Activation::relu;
  if (relu) {
    dense_members_with<true>(layer, w, x, y);
  } else {
    dense_members_with<false>(layer, w, x, y);
  }
  return relu ? 1 : 0;
}

template <int N>
struct Count {
  static constexpr int value = N;
};

// Episodes in lanes: G groups of episodes share each weight. theta: one member; x[g], y[g]: (inputs, lanes),
// (outputs, lanes).
template <int G>
inline void dense_episodes(const LayerPlan& layer, const float* theta, const float* const* x,
                           float* const* y) {
  constexpr int units = G == 1 ? 8 : G == 2 ? 4 : G == 3 ? 3 : 2;  // outputs in a tile
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
