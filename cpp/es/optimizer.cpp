#include "es/optimizer.h"

#include <cmath>
#include <stdexcept>

#include "es/vector_ops.h"

namespace ember {
namespace {

class Sgd : public Optimizer {
 public:
  explicit Sgd(Options& options)
      : learning_rate_(options.not_negative("learning_rate")),
        momentum_(options.below_one("momentum")),
        weight_decay_(options.not_negative("weight_decay")),
        nesterov_(options.flag("nesterov")) {}

  void start(std::int64_t parameters) override {
    steps_ = 0;
    velocity_.assign(momentum_ != 0.0 ? parameters : 0, 0.0f);
  }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    const SgdStep s{(float)weight_decay_, (float)momentum_, (float)(learning_rate_ * factor), steps_ == 0,
                    nesterov_};
    kernels<VectorOps>().sgd(s, gradient, parameters, velocity_.data(), theta);
    ++steps_;
  }

  void visit(StateVisitor& state) override {
    state.count("optimizer.steps", steps_);
    state.vector("optimizer.velocity", velocity_);
  }

 private:
  double learning_rate_, momentum_, weight_decay_;
  bool nesterov_;
  std::int64_t steps_ = 0;
  std::vector<float> velocity_;
};

class Adam : public Optimizer {
 public:
  Adam(Options& options, bool decoupled)
      : decoupled_(decoupled),
        learning_rate_(options.not_negative("learning_rate")),
        beta1_(options.below_one("beta1")),
        beta2_(options.below_one("beta2")),
        eps_(options.not_negative("eps")),
        weight_decay_(options.not_negative("weight_decay")) {}

  void start(std::int64_t parameters) override {
    steps_ = 0;
    first_.assign(parameters, 0.0f);
    second_.assign(parameters, 0.0f);
  }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    ++steps_;
    const double lr = learning_rate_ * factor;
    AdamStep s;
    s.weight_decay = decoupled_ ? 0.0f : (float)weight_decay_;
    s.shrink = decoupled_ ? (float)(1.0 - lr * weight_decay_) : 1.0f;
    s.one_minus_beta1 = (float)(1.0 - beta1_);
    s.beta2 = (float)beta2_;
    s.one_minus_beta2 = (float)(1.0 - beta2_);
    s.eps = (float)eps_;
    s.step = (float)(lr / (1.0 - std::pow(beta1_, (double)steps_)));
    s.root = (float)std::sqrt(1.0 - std::pow(beta2_, (double)steps_));
    kernels<VectorOps>().adam(s, gradient, parameters, first_.data(), second_.data(), theta);
  }

  void visit(StateVisitor& state) override {
    state.count("optimizer.steps", steps_);
    state.vector("optimizer.first", first_);
    state.vector("optimizer.second", second_);
  }

 private:
  bool decoupled_;
  double learning_rate_, beta1_, beta2_, eps_, weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<float> first_, second_;
};

class ClipUp : public Optimizer {
 public:
  explicit ClipUp(Options& options)
      : learning_rate_(options.not_negative("learning_rate")),
        max_speed_(options.not_negative("max_speed")),
        momentum_(options.below_one("momentum")) {}

  void start(std::int64_t parameters) override { velocity_.assign(parameters, 0.0f); }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    const VectorOps& ops = kernels<VectorOps>();
    const double length = std::sqrt(ops.sum_of_squares(gradient, nullptr, parameters));
    const float scale = length > 0.0 ? (float)(learning_rate_ * factor / length) : 0.0f;
    float* v = velocity_.data();
    ops.combine((float)momentum_, v, scale, gradient, parameters, v);
    const double speed = std::sqrt(ops.sum_of_squares(v, nullptr, parameters)), limit = max_speed_ * factor;
    if (speed > limit) ops.combine((float)(limit / speed), v, 0.0f, v, parameters, v);
    ops.combine(1.0f, theta, -1.0f, v, parameters, theta);
  }

  void visit(StateVisitor& state) override { state.vector("optimizer.velocity", velocity_); }

 private:
  double learning_rate_, max_speed_, momentum_;
  std::vector<float> velocity_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const std::string& name, Options options) {
  std::unique_ptr<Optimizer> optimizer;
  if (name == "sgd") optimizer = std::make_unique<Sgd>(options);
  if (name == "adam" || name == "adamw") optimizer = std::make_unique<Adam>(options, name == "adamw");
  if (name == "clipup") optimizer = std::make_unique<ClipUp>(options);
  if (!optimizer)
    throw std::invalid_argument("optimizer: got '" + name + "', wanted sgd, adam, adamw or clipup");
  options.finish(name);
  return optimizer;
}

}  // namespace ember
