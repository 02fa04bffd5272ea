// Policy gradients with parameter-based exploration (Sehnke et al. 2010) with symmetric samples: one
// deviation a parameter; the mean's gradient goes to an optimiser (ClipUp, Toklu et al. 2020), the deviations
// take limited steps.
#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {
namespace {

class PGPE : public Strategy {
 public:
  PGPE(Options& options, std::unique_ptr<Optimizer> optimizer)
      : Strategy(options, Sigma::per_parameter),
        shaping_(shaping_from_name(options.text("shaping"))),
        sigma_learning_rate_(options.not_negative("sigma_learning_rate")),
        sigma_max_change_(options.fraction("sigma_max_change")),
        learning_rate_decay_(options.fraction("learning_rate_decay")),
        optimizer_(std::move(optimizer)) {}

  void set_optimizer(Options options) override { optimizer_->set(std::move(options)); }

 protected:
  void begin() override {
    optimizer_->start(parameters());
    first_.assign(parameters(), 0.0f);
    second_.assign(parameters(), 0.0f);
  }

  void change(Options& options) override {
    if (options.has("sigma_learning_rate"))
      sigma_learning_rate_ = options.not_negative("sigma_learning_rate");
    if (options.has("sigma_max_change")) sigma_max_change_ = options.fraction("sigma_max_change");
  }

  void update(const std::vector<double>& fitness) override {
    if (!shape(shaping_, fitness, &shaped_)) return;
    double baseline = 0.0;
    for (double weight : shaped_) baseline += weight;
    baseline /= members();
    first_weights_.resize(directions_);
    second_weights_.resize(directions_);
    for (int k = 0; k < directions_; ++k) {
      const double plus = shaped_[antithetic_ ? 2 * k : k] - baseline;
      const double minus = antithetic_ ? shaped_[2 * k + 1] - baseline : 0.0;
      // Per member: half the difference of a pair moves the mean, half its sum the deviation.
      first_weights_[k] = -(plus - minus) / members();
      second_weights_[k] = (plus + minus) / members();
    }
    sum_noise(first_weights_, second_weights_, first_.data(), second_.data());
    const VectorOps& ops = kernels<VectorOps>();
    ops.multiply(1.0f, scale_.data(), first_.data(), parameters(), first_.data());
    optimizer_->step(first_.data(), schedule_factor(learning_rate_decay_, generation_, plan_), parameters(),
                     mean_.data());
    ops.limited_step((float)sigma_learning_rate_, (float)sigma_max_change_, second_.data(), parameters(),
                     scale_.data());
  }

  void visit_more(StateVisitor& state) override { optimizer_->visit(state); }

 private:
  Shaping shaping_;
  double sigma_learning_rate_, sigma_max_change_, learning_rate_decay_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<double> shaped_, first_weights_, second_weights_;
  std::vector<float> first_, second_;
};

}  // namespace

std::unique_ptr<Strategy> make_pgpe(Options& options, std::unique_ptr<Optimizer> optimizer) {
  return std::make_unique<PGPE>(options, std::move(optimizer));
}

}  // namespace ember
