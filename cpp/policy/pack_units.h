// A member's parameters as the layers with output units in lanes (dense_units.h) read them: bias and rows in whole
// vectors, block after block in the order of reading, so that a large network streams from the second-level cache.
//
// A layer of few outputs puts several of the four partial sums of each neuron side by side in one vector, so
// that its lanes are not idle: lane k * width + o holds s_k of output o.
#pragma once

#include "core/simd.h"
#include "policy/plan.h"

namespace ember {
namespace EMBER_LEVEL {

EMBER_INLINE int sums_side_by_side(const LayerPlan& layer) {
  return ember::sums_side_by_side(layer.inputs, layer.outputs, lanes);
}

// A block of vectors of outputs and the order of its rows (dense_blocks.h): input after input, or by partial sum.
struct UnitsBlock {
  int vectors;
  bool by_sum;
};
// The next block where `left` vectors are left. With 32 registers the sums of four vectors fit, all of them at once;
// with 16 a block of eight shares each input, one partial sum after the other.
EMBER_INLINE UnitsBlock units_block(int inputs, int left) {
  if (inputs <= 4) return {left, false};
#if defined(EMBER_SIMD_AVX512)
  return {left < 4 ? left : 4, false};
#else
  if (inputs >= 8 && left >= 4) return {left >= 8 ? 8 : 4, true};
  return {left >= 2 ? 2 : 1, false};
#endif
}

// The block that ends before vector `end`: what the blocks from the first on come to there.
EMBER_INLINE UnitsBlock units_block_before(int inputs, int end) {
#if defined(EMBER_SIMD_AVX512)
  return units_block(inputs, end % 4 == 0 ? 4 : end % 4);
#else
  const int most = inputs >= 8 ? 8 : 2, last = end & -end;
  return units_block(inputs, last < most ? last : most);
#endif
}

// Calls put(input, weight) for the weights of output o of a layer whose weights lie as (outputs, inputs) in theta.
// write as below.
template <class Write, class Put>
inline void turn_row(const LayerPlan& layer, int o, const Write& write, Put put) {
  constexpr int most = 64;
  float row[most];
  for (int first = 0; first < layer.inputs; first += most) {
    const int count = layer.inputs - first < most ? layer.inputs - first : most;
    write(layer.weights + (std::int64_t)o * layer.inputs + first, (std::int64_t)count, row);
    for (int i = 0; i < count; ++i) put(first + i, row[i]);
  }
}

// Calls put(input, output, weight) for every weight of such a layer.
template <class Write, class Put>
inline void turn_weights(const LayerPlan& layer, const Write& write, Put put) {
  for (int o = 0; o < layer.outputs; ++o) {
    turn_row(layer, o, write, [&](int i, float weight) { put(i, o, weight); });
  }
}

// Weights of outputs [from, from + width) to `to`, rows of `width` in the order that `row` gives: row(input).
template <class Write, class Row>
inline void pack_rows(const LayerPlan& layer, const Write& write, int from, int width, Row row, float* to) {
  const int inputs = layer.inputs, outputs = layer.outputs;
  const int count = outputs - from < width ? outputs - from : width;
  if (count < width) std::memset(to, 0, sizeof(float) * (std::size_t)inputs * width);
  if (layer.turned) {
    for (int o = 0; o < count; ++o) {
      turn_row(layer, from + o, write, [=](int i, float weight) { to[row(i) * width + o] = weight; });
    }
    return;
  }
  for (int i = 0; i < inputs; ++i) {
    write(layer.weights + (std::int64_t)i * outputs + from, (std::int64_t)count, to + row(i) * width);
  }
}

// A layer's part of the copy. write(first, count, to) gives parameters [first, first + count) of the member.
template <class Write>
inline void pack_units(const LayerPlan& layer, const Write& write, float* copy) {
  float* to = copy + layer.rows;
  const int inputs = layer.inputs, outputs = layer.outputs, whole = padded(outputs, lanes);
  std::memset(to, 0, sizeof(float) * (std::size_t)whole);
  if (layer.bias >= 0) write(layer.bias, outputs, to);
  to += whole;
  const auto in_order = [](int i) { return (std::int64_t)i; };
  const int together = sums_side_by_side(layer);
  if (together > 1) return pack_rows(layer, write, 0, lanes / together, in_order, to);
  for (int v = 0; v * lanes < outputs;) {
    const UnitsBlock block = units_block(inputs, whole / lanes - v);
    const int width = block.vectors * lanes;
    if (block.by_sum) {
      const auto by_sum = [inputs](int i) {  // after the inputs of the sums before
        std::int64_t row = i / 4;
        for (int k = 0; k < i % 4; ++k) row += (inputs - k + 3) / 4;
        return row;
      };
      pack_rows(layer, write, v * lanes, width, by_sum, to);
    } else if (width == outputs && !layer.turned) {
      write(layer.weights, (std::int64_t)inputs * width, to);
    } else {
      pack_rows(layer, write, v * lanes, width, in_order, to);
    }
    to += (std::int64_t)inputs * width;
    v += block.vectors;
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
