#include "policy/low_rank_policy.h"

#include <algorithm>
#include <string>

#include "core/checked.h"

namespace ember {
namespace {

// Where theta[offset : offset + size] lies among a member's own numbers, or -1.
std::int64_t place(const PerturbationPlan& perturbation, std::int64_t offset, std::int64_t size) {
  for (int n = 0; n < perturbation.stretch_count; ++n) {
    const FullStretch& part = perturbation.stretches[n];
    if (offset >= part.offset && offset + size <= part.offset + part.size)
      return part.at + offset - part.offset;
  }
  return -1;
}

// Outputs with those that fill the last tile.
int low_rank_tiled(int outputs, int lanes) {
  int tiled = 0;
  while (tiled < outputs) tiled += low_rank_tile(outputs - tiled, lanes);
  return tiled;
}

// Writes tiles (low_rank_tile), zeros beyond the last output: of each the weights of inputs 0, 4, 8, ..., then of
// 1, 5, ..., the order in which the partial sums of a neuron take them.
template <class Weight>
void lay_tiles(int inputs, int outputs, int lanes, Weight weight, float* to) {
  for (int o = 0, tile = 0; o < outputs; o += tile) {
    tile = low_rank_tile(outputs - o, lanes);
    for (int k = 0; k < 4; ++k) {
      for (int i = k; i < inputs; i += 4) {
        for (int j = 0; j < tile; ++j) *to++ = o + j < outputs ? weight(i, o + j) : 0.0f;
      }
    }
  }
}

}  // namespace

LowRankPolicy::LowRankPolicy(const PolicyPlan& policy, const PerturbationPlan& perturbation,
                             const float* mean, int lanes)
    : lanes_(lanes) {
  if (perturbation.parameters != policy.parameters) {
    refuse("perturbation: of " + std::to_string(perturbation.parameters) + " parameters, the policy has " +
           std::to_string(policy.parameters));
  }
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    if (layer.parts) {
      add(layer.parts[0], perturbation, mean);
      add(layer.parts[1], perturbation, mean);
    } else {
      add(layer, perturbation, mean);
    }
  }
  plan_ = {perturbation.rank, perturbation.root, perturbation.compact, layers_.data(), shared_.data()};
}

void LowRankPolicy::add(const LayerPlan& layer, const PerturbationPlan& perturbation, const float* mean) {
  const std::int64_t size = static_cast<std::int64_t>(layer.inputs) * layer.outputs;
  LowRankLayer found{false, layer, 0, 0, static_cast<std::int64_t>(shared_.size())};
  found.own.after_count = 0;
  const std::int64_t weights = layer.weights;
  for (int n = 0; n < perturbation.matrix_count; ++n) {
    const LowRankMatrix& low = perturbation.matrices[n];
    const Matrix& matrix = low.matrix;
    if (matrix.offset != weights || matrix.inputs != layer.inputs || matrix.outputs != layer.outputs ||
        matrix.outputs_first != layer.turned) {
      continue;
    }
    found.low = true;
    found.a = low.at;
    found.b = low.at + perturbation.rank * matrix.inputs;
    const std::int64_t tiled = low_rank_tiled(layer.outputs, lanes_);
    shared_.resize(shared_.size() + static_cast<std::size_t>(tiled * layer.inputs));
    const float* from = mean + weights;
    lay_tiles(
        layer.inputs, layer.outputs, lanes_,
        [&](int i, int o) {
          return from[layer.turned ? std::int64_t{o} * layer.inputs + i
                                   : std::int64_t{i} * layer.outputs + o];
        },
        shared_.data() + found.shared);
  }
  if (!found.low) found.own.weights = place(perturbation, weights, size);
  if (layer.bias >= 0) found.own.bias = place(perturbation, layer.bias, layer.outputs);
  if ((!found.low && found.own.weights < 0) || (layer.bias >= 0 && found.own.bias < 0)) {
    refuse("perturbation: the weights at " + std::to_string(weights) +
           " or their bias are no matrix or vector of " + "the shapes it was made for");
  }
  layers_.push_back(found);
}

}  // namespace ember
