// Optimisers on one flat float32 vector. They descend, as ember_ml.training does: a strategy hands them minus
// its ascent direction. All arithmetic per element is float32 with one rounding an operation (no fma), so
// that every SIMD level gives the same bits; scalars (bias corrections, norms) are float64.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "update/options.h"
#include "update/state.h"

namespace ember {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual void start(std::int64_t parameters) = 0;
  // New hyper-parameters, all of them, from the next step on; the state stays. Throws std::invalid_argument,
  // with everything as it was.
  virtual void set(Options) {}
  // One step on theta (parameters,). `factor` multiplies the learning rate (schedules).
  virtual void step(const float* gradient, double factor, std::int64_t parameters, float* theta) = 0;
  virtual void visit(StateVisitor& state) = 0;
};

// By name: sgd (learning_rate momentum nesterov weight_decay), adam and adamw (learning_rate beta1 beta2 eps
// weight_decay), clipup (learning_rate max_speed momentum). Throws std::invalid_argument.
//
//   sgd     g += weight_decay * theta
//           v = momentum * v + g, at first v = g
//           theta -= lr * (nesterov ? g + momentum * v : v)
//   adam    g += weight_decay * theta                                         (Kingma and Ba 2015)
//           m += (1 - beta1) * (g - m)
//           v = beta2 * v + (1 - beta2) * g * g
//           theta -= (lr / (1 - beta1^t)) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//   adamw   adam, but theta *= 1 - lr * weight_decay as its first line        (Loshchilov and Hutter 2019)
//   clipup  v = momentum * v + lr * g / |g|, shortened to max_speed           (Toklu et al. 2020)
//           theta -= v; the schedule's factor multiplies lr and max_speed
std::unique_ptr<Optimizer> make_optimizer(const std::string& name, Options options);

}  // namespace ember
