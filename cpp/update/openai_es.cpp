// OpenAI-ES (Salimans, Ho, Chen, Sidor and Sutskever 2017): an isotropic Gaussian around the mean, whose
// gradient estimate goes to an optimiser.
#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {
namespace {

class OpenAIES : public Strategy {
 public:
  OpenAIES(Options& options, std::unique_ptr<Optimizer> optimizer)
      : Strategy(options, Sigma::one),
        shaping_(shaping_from_name(options.text("shaping"))),
        weight_decay_(options.not_negative("weight_decay")),
        sigma_decay_(options.fraction("sigma_decay")),
        learning_rate_decay_(options.fraction("learning_rate_decay")),
        optimizer_(std::move(optimizer)) {}

  void set_optimizer(Options options) override { optimizer_->set(std::move(options)); }

 protected:
  void begin() override {
    optimizer_->start(parameters());
    gradient_.assign(parameters(), 0.0f);
  }

  void prepare() override {
    sigma_ = sigma0_ * sigma_factor();
    scale_[0] = (float)sigma_;
  }

  double sigma_factor() const override { return schedule_factor(sigma_decay_, generation_, plan_); }

  void change(Options& options) override {
    if (options.has("weight_decay")) weight_decay_ = options.not_negative("weight_decay");
  }

  void update(const std::vector<double>& fitness) override {
    if (!shape(shaping_, fitness, &shaped_)) return;
    // Minus the ascent direction 1/(members * sigma) * sum of shaped fitness * noise, because optimisers
    // descend.
    const double unit = -1.0 / (members() * sigma_);
    weights_.resize(directions_);
    for (int k = 0; k < directions_; ++k) {
      weights_[k] = unit * (antithetic_ ? shaped_[2 * k] - shaped_[2 * k + 1] : shaped_[k]);
    }
    float* g = gradient_.data();
    sum_noise(weights_, {}, g, nullptr);
    if (weight_decay_ > 0.0) {
      kernels<VectorOps>().combine(1.0f, g, (float)weight_decay_, mean_.data(), parameters(), g);
    }
    optimizer_->step(g, schedule_factor(learning_rate_decay_, generation_, plan_), parameters(),
                     mean_.data());
  }

  void visit_more(StateVisitor& state) override { optimizer_->visit(state); }

 private:
  Shaping shaping_;
  double weight_decay_, sigma_decay_, learning_rate_decay_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<double> shaped_, weights_;
  std::vector<float> gradient_;
};

}  // namespace

std::unique_ptr<Strategy> make_openai_es(Options& options, std::unique_ptr<Optimizer> optimizer) {
  return std::make_unique<OpenAIES>(options, std::move(optimizer));
}

}  // namespace ember
