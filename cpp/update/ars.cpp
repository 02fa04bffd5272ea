// Augmented random search (Mania, Guy and Recht 2018), V1, V1-t, V2 and V2-t: finite differences along random
// directions, the `top` best of them, in units of the deviation of their returns. What makes V2 (normalised
// observations) is the trainer's work.
#include <stdexcept>

#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {
namespace {

class ARS : public Strategy {
 public:
  explicit ARS(Options& options)
      : Strategy(options, Sigma::one),
        learning_rate_(options.positive("learning_rate")),
        top_((int)options.count("top")),
        sigma_decay_(options.fraction("sigma_decay")),
        learning_rate_decay_(options.fraction("learning_rate_decay")) {
    if (!antithetic_) throw std::invalid_argument("antithetic: got False, but ARS is made of pairs");
    if (top_ > directions_) {
      throw std::invalid_argument("top: got " + std::to_string(top_) + ", wanted at most directions, " +
                                  std::to_string(directions_));
    }
  }

 protected:
  void begin() override { gradient_.assign(parameters(), 0.0f); }

  void prepare() override {
    sigma_ = sigma0_ * sigma_factor();
    scale_[0] = (float)sigma_;
  }

  double sigma_factor() const override { return schedule_factor(sigma_decay_, generation_, plan_); }

  void change(Options& options) override {
    if (options.has("learning_rate")) learning_rate_ = options.positive("learning_rate");
  }

  void update(const std::vector<double>& fitness) override {
    if (!shape_top(fitness, top_, &weights_)) return;
    sum_noise(weights_, {}, gradient_.data(), nullptr);
    const double rate = learning_rate_ * schedule_factor(learning_rate_decay_, generation_, plan_);
    kernels<VectorOps>().combine(1.0f, mean_.data(), (float)rate, gradient_.data(), parameters(),
                                 mean_.data());
  }

 private:
  double learning_rate_;
  int top_;
  double sigma_decay_, learning_rate_decay_;
  std::vector<double> weights_;
  std::vector<float> gradient_;
};

}  // namespace

std::unique_ptr<Strategy> make_ars(Options& options, std::unique_ptr<Optimizer>) {
  return std::make_unique<ARS>(options);
}

}  // namespace ember
