// Search distributions: mean and scale, moved by what the members of a generation returned. Noise comes by
// number, so a strategy holds no population; ask/tell in Python and the native run loop call the same object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "noise/perturbation.h"
#include "noise/population.h"
#include "update/optimizer.h"
#include "update/options.h"
#include "update/shaping.h"
#include "update/state.h"

namespace ember {

// 1 at generation 0, falling linearly to `final` at the last generation of a plan, and `final` after it.
// Without a plan (0 generations) always 1.
double schedule_factor(double final, std::int64_t generation, std::int64_t plan);

class Strategy {
 public:
  virtual ~Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;

  // Forgets everything and begins at theta0 (parameters,). Throws std::invalid_argument if a value is not
  // finite, or if the perturbation is of another number of parameters or the strategy has a scale for each.
  void start(const float* theta0, std::int64_t parameters, std::uint64_t seed,
             std::shared_ptr<const Perturbation> perturbation = nullptr);
  // Between generations, after start(): the deviation of the next one, from which a schedule goes on in
  // proportion; one value, or one a parameter where there are many. Throws std::invalid_argument.
  void set_sigma(const float* sigma, std::int64_t count, double value);
  // One of the numbers that a strategy can change under way, by its option's name; the optimiser's all at
  // once.
  void set(const std::string& name, double value);
  virtual void set_optimizer(Options options);
  // How many generations the schedules span, counted from generation 0; 0: no plan, no decay.
  void plan(std::int64_t generations);

  // All of these throw std::logic_error before start().
  Population population() const;  // points into this object: valid until it changes
  // The same, with the noise if it is little; tell() will not draw that again.
  Population drawn_population();
  void ask(float* rows) const;  // (members, parameters), the population written out
  // One update. fitness (members,): larger is better, -inf = failed. Throws std::invalid_argument, with the
  // state as it was, if a value is NaN or +inf or too large to be used unshaped, and std::overflow_error,
  // with the mean as it was, if the mean would not stay finite. update = false counts the generation without
  // changing the distribution.
  void tell(const double* fitness, bool update = true);

  bool started() const { return !mean_.empty(); }
  int directions() const {
    return directions_;
  }  // 0 before start() where it depends on the number of parameters
  bool antithetic() const { return antithetic_; }
  int members() const { return antithetic_ ? 2 * directions_ : directions_; }
  std::int64_t parameters() const { return (std::int64_t)mean_.size(); }
  std::int64_t generation() const { return generation_; }
  std::int64_t planned() const { return plan_; }
  bool scale_per_parameter() const { return kind_ == Sigma::per_parameter; }
  std::uint64_t seed() const { return seed_; }
  const std::vector<float>& mean() const { return mean_; }
  const std::vector<float>& scale() const { return scale_; }  // one value or one a parameter
  double sigma() const;                                       // the one, or the mean over parameters
  double first_sigma() const { return sigma0_; }              // where its schedule begins
  const std::shared_ptr<const Perturbation>& perturbation() const { return perturbation_; }
  const std::vector<float>& best() const { return best_; }  // the member with the highest fitness told so far
  double best_fitness() const { return best_fitness_; }     // -inf before the first
  double update_norm() const { return update_norm_; }       // |mean after - mean before| of the last tell()

  void visit(StateVisitor& state);  // after start(), which fixes all sizes

  int threads = 0;  // of the update: 0 = all cores, fewer when the work is small

 protected:
  enum class Sigma { one, per_parameter };
  // Reads sigma (positive), antithetic, and directions, where 0 means by the number of parameters at start().
  Strategy(Options& options, Sigma kind);

  virtual void begin() {}    // sizes the state of a subclass for parameters()
  virtual void prepare() {}  // sets scale_ for generation_
  virtual void update(
      const std::vector<double>& fitness) = 0;  // one without NaN; leaves mean_ if there is no spread
  virtual void visit_more(StateVisitor&) {}
  virtual double sigma_factor() const { return 1.0; }  // sigma_ is this times sigma0_, of Sigma::one
  virtual bool adapts_sigma() const { return false; }  // and has more state about it than scale_
  virtual void change(Options&) {}                     // takes options that it can change

  // first = sum_k first_weights[k] * noise_k and, unless second is null, second = sum_k second_weights[k] *
  // (noise_k^2 - 1), over the directions of this generation. With a perturbation there is no second.
  void sum_noise(const std::vector<double>& first_weights, const std::vector<double>& second_weights,
                 float* first, float* second);

  const Sigma kind_;
  double sigma0_;
  const bool antithetic_;
  int directions_ = 0;
  std::int64_t plan_ = 0;
  std::int64_t generation_ = 0;
  double sigma_ = 0.0;               // of Sigma::one
  std::vector<float> mean_, scale_;  // scale_ has one value or one a parameter

 private:
  void need_start() const;

  int asked_directions_ = 0;
  std::vector<float> drawn_;
  std::int64_t kept_ = -1;  // the generation whose noise is in drawn_
  std::uint64_t seed_ = 0;
  std::shared_ptr<const Perturbation> perturbation_;  // null: a normal for each parameter
  std::vector<float> best_, before_, weights_;
  std::vector<double> fitness_;
  double best_fitness_ = 0.0, update_norm_ = 0.0;
};

// By name (openai_es, ars, snes, pgpe, sep_cmaes); an optimiser for those that use one, else null. Throws
// std::invalid_argument naming the option that does not fit.
std::unique_ptr<Strategy> make_strategy(const std::string& name, Options options,
                                        std::unique_ptr<Optimizer> optimizer);

}  // namespace ember
