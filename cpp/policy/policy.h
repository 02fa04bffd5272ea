// The layout of a policy in one flat float32 vector: a chain of dense layers and element-wise operations.
#pragma once

#include <cstdint>
#include <vector>

namespace ember {

// Numbers are part of the Python interface (python/ember_ml/policy/spec.py) and of saved files.
enum class Activation : int {
  identity = 0,
  relu = 1,
  tanh = 2,
  sigmoid = 3,
  elu = 4,
  gelu = 5,
  softplus = 6
};

// One element-wise operation: an activation, or y = x * values, or y = x + values (values: one number or one
// per element; float32, each rounded once, never contracted).
struct Elementwise {
  enum class Kind : int { activation = 0, scale = 1, shift = 2 };
  Kind kind = Kind::activation;
  Activation activation = Activation::identity;
  std::vector<float> values;
};

// y = x @ W + b, then `after` in order. W is (inputs, outputs) row-major at theta[weight_offset], b is
// (outputs,) at theta[bias_offset], or absent when bias_offset is negative. Each output is computed by
// contract "one neuron": four partial sums s_k = fma(W[i][o], x[i], s_k) over i = k (mod 4) in increasing
// order, s_0 starting at the bias and s_1..s_3 at zero, combined as (s_0 + s_1) + (s_2 + s_3). A partial sum
// that receives no input is left out of the combination (that differs at most in the sign of a zero).
struct Layer {
  int inputs = 0;
  int outputs = 0;
  std::int64_t weight_offset = 0;
  std::int64_t bias_offset = -1;
  std::vector<Elementwise> after;
};

struct Policy {
  int inputs = 0;
  int outputs = 0;
  std::int64_t parameters = 0;      // length of theta
  std::vector<Elementwise> before;  // on the (normalised) observation
  std::vector<Layer> layers;

  // Throws std::invalid_argument naming the field if widths, offsets or lengths do not fit together.
  void validate() const;
};

}  // namespace ember
