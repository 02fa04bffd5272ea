// A member's parameters as the layers with output units in lanes (dense_units.h) read them: rows that are whole
// vectors.
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

// Floats from one row of weights to the next.
EMBER_INLINE int row_width(const LayerPlan& layer) {
  const int together = sums_side_by_side(layer);
  return together > 1 ? lanes / together : padded(layer.outputs, lanes);
}

// Calls put(input, output, weight) for every weight of a layer whose weights lie as (outputs, inputs) in theta.
// write as below.
template <class Write, class Put>
inline void turn_weights(const LayerPlan& layer, const Write& write, Put put) {
  constexpr int most = 64;
  float row[most];
  for (int o = 0; o < layer.outputs; ++o) {
    for (int first = 0; first < layer.inputs; first += most) {
      const int count = layer.inputs - first < most ? layer.inputs - first : most;
      write(layer.weights + (std::int64_t)o * layer.inputs + first, (std::int64_t)count, row);
      for (int i = 0; i < count; ++i) put(first + i, o, row[i]);
    }
  }
}

// A layer's part of the copy: the bias, whole vectors of it, then the rows of weights. write(first, count,
// to) gives parameters [first, first + count) of the member.
template <class Write>
inline void pack_units(const LayerPlan& layer, const Write& write, float* copy) {
  float* to = copy + layer.rows;
  const int width = row_width(layer), whole = padded(layer.outputs, lanes);
  std::memset(to, 0, sizeof(float) * (std::size_t)whole);
  if (layer.bias >= 0) write(layer.bias, layer.outputs, to);
  to += whole;
  if (layer.turned) {
    std::memset(to, 0, sizeof(float) * (std::size_t)layer.inputs * width);
    turn_weights(layer, write, [=](int i, int o, float weight) { to[(std::int64_t)i * width + o] = weight; });
    return;
  }
  if (width == layer.outputs) {
    write(layer.weights, (std::int64_t)layer.inputs * width, to);
    return;
  }
  std::memset(to, 0, sizeof(float) * (std::size_t)layer.inputs * width);
  for (int i = 0; i < layer.inputs; ++i, to += width) {
    write(layer.weights + (std::int64_t)i * layer.outputs, layer.outputs, to);
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
