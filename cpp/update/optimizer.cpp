#include "update/optimizer.h"

#include <cmath>
#include <stdexcept>

#include "update/vector_ops.h"

namespace ember {
namespace {

class Sgd : public Optimizer {
 public:
  explicit Sgd(Options& options) : p_(options) {}

  void set(Options options) override {
    const Hyper next(options);
    options.finish("sgd");
    if (parameters_ > 0 && (next.momentum != 0.0) != (p_.momentum != 0.0)) {
      velocity_.assign(next.momentum != 0.0 ? parameters_ : 0, 0.0f);
    }
    p_ = next;
  }

  void start(std::int64_t parameters) override {
    steps_ = 0;
    parameters_ = parameters;
    velocity_.assign(p_.momentum != 0.0 ? parameters : 0, 0.0f);
  }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    const SgdStep s{(float)p_.weight_decay, (float)p_.momentum, (float)(p_.learning_rate * factor),
                    steps_ == 0, p_.nesterov};
    kernels<VectorOps>().sgd(s, gradient, parameters, velocity_.data(), theta);
    ++steps_;
  }

  void visit(StateVisitor& state) override {
    state.count("optimizer.steps", steps_);
    state.vector("optimizer.velocity", velocity_);
  }

 private:
  struct Hyper {
    double learning_rate, momentum, weight_decay;
    bool nesterov;
    explicit Hyper(Options& options)
        : learning_rate(options.not_negative("learning_rate")),
          momentum(options.below_one("momentum")),
          weight_decay(options.not_negative("weight_decay")),
          nesterov(options.flag("nesterov")) {}
  } p_;
  std::int64_t steps_ = 0, parameters_ = 0;
  std::vector<float> velocity_;
};

class Adam : public Optimizer {
 public:
  Adam(Options& options, bool decoupled) : decoupled_(decoupled), p_(options) {}

  void set(Options options) override {
    const Hyper next(options);
    options.finish(decoupled_ ? "adamw" : "adam");
    p_ = next;
  }

  void start(std::int64_t parameters) override {
    steps_ = 0;
    first_.assign(parameters, 0.0f);
    second_.assign(parameters, 0.0f);
  }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    ++steps_;
    const double lr = p_.learning_rate * factor;
    AdamStep s;
    s.weight_decay = decoupled_ ? 0.0f : (float)p_.weight_decay;
    s.shrink = decoupled_ ? (float)(1.0 - lr * p_.weight_decay) : 1.0f;
    s.one_minus_beta1 = (float)(1.0 - p_.beta1);
    s.beta2 = (float)p_.beta2;
    s.one_minus_beta2 = (float)(1.0 - p_.beta2);
    s.eps = (float)p_.eps;
    s.step = (float)(lr / (1.0 - std::pow(p_.beta1, (double)steps_)));
    s.root = (float)std::sqrt(1.0 - std::pow(p_.beta2, (double)steps_));
    kernels<VectorOps>().adam(s, gradient, parameters, first_.data(), second_.data(), theta);
  }

  void visit(StateVisitor& state) override {
    state.count("optimizer.steps", steps_);
    state.vector("optimizer.first", first_);
    state.vector("optimizer.second", second_);
  }

 private:
  bool decoupled_;
  struct Hyper {
    double learning_rate, beta1, beta2, eps, weight_decay;
    explicit Hyper(Options& options)
        : learning_rate(options.not_negative("learning_rate")),
          beta1(options.below_one("beta1")),
          beta2(options.below_one("beta2")),
          eps(options.not_negative("eps")),
          weight_decay(options.not_negative("weight_decay")) {}
  } p_;
  std::int64_t steps_ = 0;
  std::vector<float> first_, second_;
};

class ClipUp : public Optimizer {
 public:
  explicit ClipUp(Options& options) : p_(options) {}

  void set(Options options) override {
    const Hyper next(options);
    options.finish("clipup");
    p_ = next;
  }

  void start(std::int64_t parameters) override { velocity_.assign(parameters, 0.0f); }

  void step(const float* gradient, double factor, std::int64_t parameters, float* theta) override {
    const VectorOps& ops = kernels<VectorOps>();
    const double length = std::sqrt(ops.sum_of_squares(gradient, nullptr, parameters));
    const float scale = length > 0.0 ? (float)(p_.learning_rate * factor / length) : 0.0f;
    float* v = velocity_.data();
    ops.combine((float)p_.momentum, v, scale, gradient, parameters, v);
    const double speed = std::sqrt(ops.sum_of_squares(v, nullptr, parameters)), limit = p_.max_speed * factor;
    if (speed > limit) ops.combine((float)(limit / speed), v, 0.0f, v, parameters, v);
    ops.combine(1.0f, theta, -1.0f, v, parameters, theta);
  }

  void visit(StateVisitor& state) override { state.vector("optimizer.velocity", velocity_); }

 private:
  struct Hyper {
    double learning_rate, max_speed, momentum;
    explicit Hyper(Options& options)
        : learning_rate(options.not_negative("learning_rate")),
          max_speed(options.not_negative("max_speed")),
          momentum(options.below_one("momentum")) {}
  } p_;
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
