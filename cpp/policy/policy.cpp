#include "policy/policy.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "policy/plan.h"

namespace ember {
namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& what) {
  throw std::invalid_argument("policy: " + field + ": " + what);
}

void check(const std::vector<Elementwise>& operations, int width, const std::string& field) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Elementwise& op = operations[i];
    const std::string name = field + "[" + std::to_string(i) + "]";
    if (op.kind == Elementwise::Kind::activation) {
      const int number = static_cast<int>(op.activation);
      if (number < 0 || number >= activations) {
        refuse(name + ".activation",
               "got number " + std::to_string(number) + ", wanted 0 to " + std::to_string(activations - 1));
      }
      continue;
    }
    if (op.values.size() != 1 && op.values.size() != static_cast<std::size_t>(width)) {
      refuse(name + ".values",
             "got " + std::to_string(op.values.size()) + " numbers, wanted 1 or " + std::to_string(width));
    }
    for (float value : op.values) {
      if (!std::isfinite(value))
        refuse(name + ".values", "got " + std::to_string(value) + ", wanted finite numbers");
    }
  }
}

// Widths and counts up to these can be multiplied and added in 64 bits without wrapping.
constexpr int most_units = 1 << 24;
constexpr std::int64_t most_parameters = std::int64_t{1} << 48;
constexpr int most_lanes = 64;

void check_range(const std::string& field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most) {
    refuse(field, "got " + std::to_string(value) + ", wanted a whole number from " + std::to_string(least) +
                      " to " + std::to_string(most));
  }
}

// Whether `count` values at `offset` lie inside `size`; any offset may come, so nothing is added to it.
bool fits(std::int64_t offset, std::int64_t count, std::int64_t size) {
  return offset >= 0 && count <= size && offset <= size - count;
}

void check_block(const std::string& field, const char* what, std::int64_t offset, std::int64_t count,
                 std::int64_t parameters) {
  if (fits(offset, count, parameters)) return;
  refuse(field, std::to_string(count) + " " + what + " at " + std::to_string(offset) + " do not fit into " +
                    std::to_string(parameters) + " parameters");
}

}  // namespace

std::int64_t Policy::memory() const {
  std::int64_t values = 0;
  for (const Layer& layer : layers) values += std::int64_t{states_of(layer.kind)} * layer.outputs;
  return values;
}

void Policy::validate() const {
  check_range("inputs", inputs, 1, most_units);
  check_range("parameters", parameters, 0, most_parameters);
  check(before, inputs, "before");
  int width = inputs;
  std::int64_t rows = 0;  // at least as many as CompiledPolicy counts
  for (std::size_t n = 0; n < layers.size(); ++n) {
    const Layer& layer = layers[n];
    const std::string name = "layers[" + std::to_string(n) + "]";
    if (layer.inputs != width) {
      refuse(name + ".inputs", "got " + std::to_string(layer.inputs) + ", wanted " + std::to_string(width) +
                                   ", what comes before it gives");
    }
    check_range(name + ".outputs", layer.outputs, 1, most_units);
    const int kind = static_cast<int>(layer.kind);
    check_range(name + ".kind", kind, 0, static_cast<int>(LayerKind::lstm));
    const std::int64_t neurons = std::int64_t{gates_of(layer.kind)} * layer.outputs;
    check_block(name + ".weight_offset", "weights", layer.weight_offset, layer.inputs * neurons, parameters);
    if (layer.bias_offset >= 0)
      check_block(name + ".bias_offset", "biases", layer.bias_offset, neurons, parameters);
    rows += (layer.inputs + std::int64_t{1}) * (neurons + most_lanes);
    if (layer.kind != LayerKind::dense) {
      check_block(name + ".state_weight_offset", "weights", layer.state_weight_offset,
                  layer.outputs * neurons, parameters);
      if (layer.state_bias_offset >= 0)
        check_block(name + ".state_bias_offset", "biases", layer.state_bias_offset, neurons, parameters);
      rows += (layer.outputs + std::int64_t{1}) * (neurons + most_lanes);
    }
    width = layer.outputs;
    check(layer.after, width, name + ".after");
    if (rows > 4 * most_parameters) refuse("layers", "their weights are more than this core can hold");
  }
  if (outputs != width) {
    refuse("outputs",
           "got " + std::to_string(outputs) + ", but the last layer gives " + std::to_string(width));
  }
}

CompiledPolicy::CompiledPolicy(Policy policy, int lanes) : policy_(std::move(policy)), plan_{} {
  policy_.validate();
  std::size_t count = policy_.before.size();
  for (const Layer& layer : policy_.layers) count += layer.after.size();
  elementwise_.reserve(count);  // no reallocation: plans point into it
  const auto add = [this](const std::vector<Elementwise>& operations) {
    for (const Elementwise& op : operations) {
      elementwise_.push_back({static_cast<int>(op.kind), static_cast<int>(op.activation), op.values.data(),
                              static_cast<int>(op.values.size())});
    }
    return elementwise_.data() + elementwise_.size() - operations.size();
  };
  plan_.before = add(policy_.before);
  plan_.before_count = static_cast<int>(policy_.before.size());
  plan_.inputs = policy_.inputs;
  plan_.outputs = policy_.outputs;
  plan_.parameters = policy_.parameters;
  plan_.widest = policy_.inputs;
  std::int64_t rows = 0;
  parts_.reserve(2 * policy_.layers.size());  // no reallocation here either
  const auto dense = [&rows, lanes](int inputs, int outputs, std::int64_t weights, std::int64_t bias) {
    LayerPlan layer{};
    layer.inputs = inputs;
    layer.outputs = outputs;
    layer.weights = weights;
    layer.bias = bias;
    layer.rows = rows;
    rows += static_cast<std::int64_t>(inputs + 1) * padded(outputs, lanes);
    return layer;
  };
  for (const Layer& layer : policy_.layers) {
    const int neurons = gates_of(layer.kind) * layer.outputs;
    LayerPlan made = dense(layer.inputs, neurons, layer.weight_offset, layer.bias_offset);
    if (layer.kind != LayerKind::dense) {
      made.turned = true;
      parts_.push_back(made);
      parts_.push_back(dense(layer.outputs, neurons, layer.state_weight_offset, layer.state_bias_offset));
      parts_.back().turned = true;
      made.turned = false;
      made.parts = parts_.data() + parts_.size() - 2;
      made.outputs = layer.outputs;
      made.kind = static_cast<int>(layer.kind);
      made.memory = plan_.memory;
      made.memory_row = plan_.memory_row;
      plan_.memory += std::int64_t{states_of(layer.kind)} * layer.outputs;
      plan_.memory_row += std::int64_t{states_of(layer.kind)} * padded(layer.outputs, lanes);
      plan_.widest_gates = std::max(plan_.widest_gates, neurons);
    }
    made.after = add(layer.after);
    made.after_count = static_cast<int>(layer.after.size());
    layers_.push_back(made);
    if (layer.outputs > plan_.widest) plan_.widest = layer.outputs;
  }
  plan_.layers = layers_.data();
  plan_.layer_count = static_cast<int>(layers_.size());
  plan_.padded_parameters = rows;
}

}  // namespace ember
