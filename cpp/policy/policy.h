// The layout of a policy in one flat float32 vector: a chain of dense layers, cells with memory and element-wise
// operations.
#pragma once

#include <cstdint>
#include <vector>

#include "core/activations.h"

namespace ember {

#define EMBER_ACTIVATION(name) , name
enum class Activation : int { identity EMBER_ACTIVATIONS(EMBER_ACTIVATION) };
#undef EMBER_ACTIVATION

#define EMBER_ACTIVATION(name) , #name
constexpr const char* activation_names[] = {"identity" EMBER_ACTIVATIONS(EMBER_ACTIVATION)};
#undef EMBER_ACTIVATION
constexpr int activations = sizeof activation_names / sizeof *activation_names;

// One element-wise operation: an activation, or y = x * values, or y = x + values (values: one number or one
// per element; float32, each rounded once, never contracted).
struct Elementwise {
  enum class Kind : int { activation = 0, scale = 1, shift = 2 };
  Kind kind = Kind::activation;
  Activation activation = Activation::identity;
  std::vector<float> values;
};

// What a layer computes. Numbers are part of the Python interface (python/ember_ml/policy/spec.py).
enum class LayerKind : int { dense = 0, rnn_tanh = 1, rnn_relu = 2, gru = 3, lstm = 4 };

// Gates of a cell, and values of its state per unit; a dense layer has one gate and no state.
constexpr int gates_of(LayerKind kind) {
  return kind == LayerKind::gru ? 3 : kind == LayerKind::lstm ? 4 : 1;
}
constexpr int states_of(LayerKind kind) {
  return kind == LayerKind::dense ? 0 : kind == LayerKind::lstm ? 2 : 1;
}

// Dense: y = x @ W + b, then `after` in order. W is (inputs, outputs) row-major at theta[weight_offset], b is
// (outputs,) at theta[bias_offset], or absent when bias_offset is negative. Each output is computed by
// contract "one neuron": four partial sums s_k = fma(W[i][o], x[i], s_k) over i = k (mod 4) in increasing
// order, s_0 starting at the bias and s_1..s_3 at zero, combined as (s_0 + s_1) + (s_2 + s_3). A partial sum
// that receives no input is left out of the combination (that differs at most in the sign of a zero).
//
// A cell has torch's equations and parameters: weights (gates * outputs, inputs) row-major at weight_offset, those
// over its state (gates * outputs, outputs) at state_weight_offset, biases (gates * outputs,) at bias_offset and
// state_bias_offset, or absent. With a the gates over the input and b those over the state h, each a dense output
// by contract "one neuron", and every operation rounded once:
//   rnn   h' = tanh(a + b), or relu
//   gru   r = sigmoid(a_r + b_r), z = sigmoid(a_z + b_z), n = tanh(a_n + r * b_n), h' = n + z * (h - n)
//   lstm  i, f, o = sigmoid(a + b), g = tanh(a_g + b_g), c' = f * c + i * g, h' = o * tanh(c')
// The state (h, and c of an lstm) is zero where an episode starts; the layer's output is h', then `after`.
struct Layer {
  int inputs = 0;
  int outputs = 0;
  std::int64_t weight_offset = 0;
  std::int64_t bias_offset = -1;
  std::vector<Elementwise> after;
  LayerKind kind = LayerKind::dense;
  std::int64_t state_weight_offset = 0;
  std::int64_t state_bias_offset = -1;
};

struct Policy {
  int inputs = 0;
  int outputs = 0;
  std::int64_t parameters = 0;      // length of theta
  std::vector<Elementwise> before;  // on the (normalised) observation
  std::vector<Layer> layers;

  // Values that an episode remembers: of each cell in order h, then c.
  std::int64_t memory() const;
  // Throws std::invalid_argument naming the field if widths, offsets or lengths do not fit together.
  void validate() const;
};

}  // namespace ember
