// Separable natural evolution strategy (Schaul, Glasmachers and Schmidhuber 2011): one deviation a parameter,
// mean and deviations moved along the natural gradient of the expected utility.
#include <algorithm>
#include <cmath>

#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {
namespace {

class SNES : public Strategy {
 public:
  explicit SNES(Options& options)
      : Strategy(options, Sigma::per_parameter),
        learning_rate_(options.positive("learning_rate")),
        sigma_learning_rate_(options.not_negative("sigma_learning_rate")) {}

 protected:
  void begin() override {
    const int n = members();
    utilities_.resize(n);
    double sum = 0.0;
    for (int rank = 0; rank < n; ++rank) {
      utilities_[rank] = std::max(0.0, std::log(0.5 * n + 1.0) - std::log(rank + 1.0));
      sum += utilities_[rank];
    }
    for (double& utility : utilities_) utility = utility / sum - 1.0 / n;
    set_rate();
    first_.assign(parameters(), 0.0f);
    second_.assign(parameters(), 0.0f);
  }

  void change(Options& options) override {
    if (options.has("learning_rate")) learning_rate_ = options.positive("learning_rate");
    if (options.has("sigma_learning_rate")) {
      sigma_learning_rate_ = options.not_negative("sigma_learning_rate");
      if (started()) set_rate();
    }
  }

  void update(const std::vector<double>& fitness) override {
    if (!shape_by_table(fitness, utilities_, &shaped_)) return;
    first_weights_.resize(directions_);
    second_weights_.resize(directions_);
    for (int k = 0; k < directions_; ++k) {
      first_weights_[k] = antithetic_ ? shaped_[2 * k] - shaped_[2 * k + 1] : shaped_[k];
      second_weights_[k] = antithetic_ ? shaped_[2 * k] + shaped_[2 * k + 1] : shaped_[k];
    }
    sum_noise(first_weights_, second_weights_, first_.data(), second_.data());
    const VectorOps& ops = kernels<VectorOps>();
    ops.natural_step((float)learning_rate_, scale_.data(), first_.data(), parameters(), mean_.data());
    ops.exponential_step((float)(0.5 * rate_), second_.data(), parameters(), scale_.data());
  }

 private:
  void set_rate() {
    const double d = (double)parameters();
    rate_ = sigma_learning_rate_ > 0.0 ? sigma_learning_rate_ : (3.0 + std::log(d)) / (5.0 * std::sqrt(d));
  }

  double learning_rate_, sigma_learning_rate_, rate_ = 0.0;
  std::vector<double> utilities_, shaped_, first_weights_, second_weights_;
  std::vector<float> first_, second_;
};

}  // namespace

std::unique_ptr<Strategy> make_snes(Options& options, std::unique_ptr<Optimizer>) {
  return std::make_unique<SNES>(options);
}

}  // namespace ember
