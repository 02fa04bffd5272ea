// The dense layer of contract "one neuron" (policy.h) with members in lanes. Defines what layers.h declares.
#pragma once

#include "policy/dense_blocks.h"
#include "policy/layers.h"

namespace ember {
namespace EMBER_LEVEL {

template <bool relu>
static void dense_members_with(const LayerPlan& layer, const float* w, const float* x, float* y) {
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

int dense_members(const LayerPlan& layer, const float* w, const float* x, float* y) {
  const bool relu = layer.after_count > 0 && layer.after[0].kind == (int)Elementwise::Kind::activation &&
                    layer.after[0].activation == (int)Activation::relu;
  if (relu) {
    dense_members_with<true>(layer, w, x, y);
  } else {
    dense_members_with<false>(layer, w, x, y);
  }
  return relu ? 1 : 0;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
