// Separable CMA-ES (Ros and Hansen 2008): the CMA evolution strategy with a diagonal covariance, whose
// learning rates are (d + 2) / 3 times those of the full matrix. Constants as in Hansen's tutorial (arXiv
// 1604.00772).
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {
namespace {

class SepCMAES : public Strategy {
 public:
  explicit SepCMAES(Options& options) : Strategy(options, Sigma::per_parameter) {
    if (antithetic_)
      throw std::invalid_argument(
          "antithetic: got True, but SepCMAES adapts its step by the length "
          "of the sum of its best steps, which pairs would cancel");
  }

 protected:
  bool adapts_sigma() const override { return true; }

  void begin() override {
    const int n = members(), parents = n / 2;
    if (n < 2) throw std::invalid_argument("directions: got 1, wanted at least 2");
    const double d = (double)parameters();
    weights_.assign(n, 0.0);
    double sum = 0.0, squares = 0.0;
    for (int rank = 0; rank < parents; ++rank) {
      weights_[rank] = std::log(0.5 * (n + 1.0)) - std::log(rank + 1.0);
      sum += weights_[rank];
    }
    for (double& weight : weights_) {
      weight /= sum;
      squares += weight * weight;
    }
    effective_ = 1.0 / squares;
    const double m = effective_;
    c_sigma_ = (m + 2.0) / (d + m + 5.0);
    damping_ = 1.0 + 2.0 * std::max(0.0, std::sqrt((m - 1.0) / (d + 1.0)) - 1.0) + c_sigma_;
    c_path_ = (4.0 + m / d) / (d + 4.0 + 2.0 * m / d);
    const double separable = (d + 2.0) / 3.0;
    c_one_ = std::min(1.0, separable * 2.0 / ((d + 1.3) * (d + 1.3) + m));
    c_mu_ = std::min(1.0 - c_one_, separable * 2.0 * (m - 2.0 + 1.0 / m) / ((d + 2.0) * (d + 2.0) + m));
    length_ = std::sqrt(d) * (1.0 - 1.0 / (4.0 * d) + 1.0 / (21.0 * d * d));
    step_ = sigma0_;
    covariance_.assign(parameters(), 1.0f);
    path_.assign(parameters(), 0.0f);
    sigma_path_.assign(parameters(), 0.0f);
    first_.assign(parameters(), 0.0f);
    second_.assign(parameters(), 0.0f);
  }

  void update(const std::vector<double>& fitness) override {
    if (!shape_by_table(fitness, weights_, &shaped_)) return;
    sum_noise(shaped_, shaped_, first_.data(), second_.data());
    const VectorOps& ops = kernels<VectorOps>();
    const std::int64_t n = parameters();
    float* z = first_.data();
    // In units of the deviations, the mean's step is z = sum of weights * noise.
    ops.natural_step(1.0f, scale_.data(), z, n, mean_.data());
    ops.combine((float)(1.0 - c_sigma_), sigma_path_.data(),
                (float)std::sqrt(c_sigma_ * (2.0 - c_sigma_) * effective_), z, n, sigma_path_.data());
    const double length = std::sqrt(ops.sum_of_squares(sigma_path_.data(), nullptr, n));
    const double expected = std::sqrt(1.0 - std::pow(1.0 - c_sigma_, 2.0 * (double)(generation_ + 1)));
    const bool moving = length / expected < (1.4 + 2.0 / ((double)n + 1.0)) * length_;
    // y = sqrt(covariance) * z = scale * z / step
    ops.multiply((float)(1.0 / step_), scale_.data(), z, n, z);
    ops.combine((float)(1.0 - c_path_), path_.data(),
                moving ? (float)std::sqrt(c_path_ * (2.0 - c_path_) * effective_) : 0.0f, z, n, path_.data());
    step_ *= std::exp((c_sigma_ / damping_) * (length / length_ - 1.0));
    step_ = std::min(std::max(step_, 1e-20), 1e20);
    const double keep = 1.0 - c_one_ - c_mu_ + (moving ? 0.0 : c_one_ * c_path_ * (2.0 - c_path_));
    ops.covariance_step((float)keep, (float)c_one_, (float)c_mu_, 1.0f, (float)step_, path_.data(),
                        second_.data(), n, covariance_.data(), scale_.data());
  }

  void visit_more(StateVisitor& state) override {
    state.number("step", step_);
    state.vector("covariance", covariance_);
    state.vector("path", path_);
    state.vector("sigma_path", sigma_path_);
  }

 private:
  std::vector<double> weights_, shaped_;
  double effective_ = 0.0, c_sigma_ = 0.0, damping_ = 0.0, c_path_ = 0.0, c_one_ = 0.0, c_mu_ = 0.0,
         length_ = 0.0;
  double step_ = 0.0;  // Hansen's sigma; scale_ = step_ * sqrt(covariance_)
  std::vector<float> covariance_, path_, sigma_path_, first_, second_;
};

}  // namespace

std::unique_ptr<Strategy> make_sep_cmaes(Options& options, std::unique_ptr<Optimizer>) {
  return std::make_unique<SepCMAES>(options);
}

}  // namespace ember
