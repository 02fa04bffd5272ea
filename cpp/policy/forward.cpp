#include "policy/forward.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "policy/cell_table.h"
#include "policy/dense_table.h"
#include "policy/plan.h"

namespace ember {
namespace {

void apply(const std::vector<Elementwise>& operations, const DenseKernels& kernels, float* x, int count) {
  for (const Elementwise& operation : operations) {
    if (operation.kind == Elementwise::Kind::activation) {
      kernels.activate(operation.activation, x, count, x);
      continue;
    }
    const bool one = operation.values.size() == 1;
    for (int i = 0; i < count; ++i) {
      const float value = operation.values[one ? 0 : static_cast<std::size_t>(i)];
      x[i] = operation.kind == Elementwise::Kind::scale ? x[i] * value : x[i] + value;
    }
  }
}

// A cell's step for one row; its weights lie as (inputs, outputs). state: h, then c.
class CellStep {
 public:
  explicit CellStep(const Policy& policy) {
    std::size_t gates = 0, states = 0;
    for (const Layer& layer : policy.layers) {
      if (layer.kind == LayerKind::dense) continue;
      const int whole = padded(layer.outputs, cells_.lanes);
      gates = std::max(gates, static_cast<std::size_t>(gates_of(layer.kind)) * layer.outputs + cells_.lanes);
      states = std::max(states, static_cast<std::size_t>(states_of(layer.kind) + 1) * whole);
    }
    a_.resize(gates);
    b_.resize(gates);
    state_.resize(states);
  }
  void operator()(const Layer& layer, const float* theta, const float* x, float* state, float* y) {
    const int units = layer.outputs, neurons = gates_of(layer.kind) * units, states = states_of(layer.kind);
    const int whole = padded(units, cells_.lanes);
    const auto bias = [theta](std::int64_t at) { return at < 0 ? nullptr : theta + at; };
    dense_.dense(x, 1, layer.inputs, neurons, theta + layer.weight_offset, bias(layer.bias_offset),
                 Activation::identity, a_.data());
    dense_.dense(state, 1, units, neurons, theta + layer.state_weight_offset, bias(layer.state_bias_offset),
                 Activation::identity, b_.data());
    for (int s = 0; s < states; ++s) std::copy_n(state + s * units, units, state_.data() + s * whole);
    float* out = state_.data() + states * whole;
    cells_.step(static_cast<int>(layer.kind), whole / cells_.lanes, units, a_.data(), b_.data(),
                state_.data(), out);
    for (int s = 0; s < states; ++s) std::copy_n(state_.data() + s * whole, units, state + s * units);
    std::copy_n(out, units, y);
  }

 private:
  const DenseKernels& dense_ = kernels<DenseKernels>();
  const CellKernels& cells_ = kernels<CellKernels>();
  std::vector<float> a_, b_, state_;  // in whole vectors
};

}  // namespace

void forward_members(const Policy& policy, const float* rows, const std::int64_t* members, std::int64_t count,
                     const float* x, float* memory, float* y) {
  const DenseKernels& kernels = ember::kernels<DenseKernels>();
  CellStep step(policy);
  int widest = policy.inputs;
  for (const Layer& layer : policy.layers) widest = std::max(widest, layer.outputs);
  std::vector<float> here(widest), there(widest);
  for (std::int64_t i = 0; i < count; ++i) {
    const float* theta = rows + members[i] * policy.parameters;
    std::copy_n(x + i * policy.inputs, policy.inputs, here.data());
    apply(policy.before, kernels, here.data(), policy.inputs);
    for (const Layer& layer : policy.layers) {
      if (layer.kind != LayerKind::dense) {
        step(layer, theta, here.data(), memory, there.data());
        memory += states_of(layer.kind) * layer.outputs;
      } else {
        const float* bias = layer.bias_offset < 0 ? nullptr : theta + layer.bias_offset;
        kernels.dense(here.data(), 1, layer.inputs, layer.outputs, theta + layer.weight_offset, bias,
                      Activation::identity, there.data());
      }
      apply(layer.after, kernels, there.data(), layer.outputs);
      here.swap(there);
    }
    std::copy_n(here.data(), policy.outputs, y + i * policy.outputs);
  }
}

}  // namespace ember
