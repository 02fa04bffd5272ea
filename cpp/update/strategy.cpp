#include "update/strategy.h"

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "core/checked.h"
#include "noise/low_rank.h"
#include "noise/noise_sum.h"
#include "noise/noise_table.h"
#include "update/strategies.h"
#include "update/vector_ops.h"

namespace ember {

double schedule_factor(double final, std::int64_t generation, std::int64_t plan) {
  if (plan <= 0) return 1.0;
  if (generation >= plan - 1) return plan == 1 ? 1.0 : final;
  return 1.0 - (1.0 - final) * ((double)generation / (double)(plan - 1));
}

Strategy::Strategy(Options& options, Sigma kind)
    : kind_(kind), sigma0_(options.positive("sigma")), antithetic_(options.flag("antithetic")) {
  asked_directions_ = checked_int("directions", options.count_or_zero("directions"), 0, most_directions);
  directions_ = asked_directions_;
}

void Strategy::start(const float* theta0, std::int64_t parameters, std::uint64_t seed,
                     std::shared_ptr<const Perturbation> perturbation) {
  if (parameters < 1) throw std::invalid_argument("theta0: got no values, wanted at least one");
  for (std::int64_t i = 0; i < parameters; ++i) {
    if (!std::isfinite(theta0[i])) {
      throw std::invalid_argument("theta0: value " + std::to_string(i) + " is not finite");
    }
  }
  if (perturbation && kind_ == Sigma::per_parameter) {
    throw std::invalid_argument("perturbation: this strategy has a deviation for each parameter");
  }
  if (perturbation && perturbation->plan().parameters != parameters) {
    throw std::invalid_argument("perturbation: of " + std::to_string(perturbation->plan().parameters) +
                                " parameters, theta0 has " + std::to_string(parameters));
  }
  perturbation_ = std::move(perturbation);
  mean_.assign(theta0, theta0 + parameters);
  best_ = mean_;
  best_fitness_ = -std::numeric_limits<double>::infinity();
  seed_ = seed;
  generation_ = 0;
  kept_ = -1;
  update_norm_ = 0.0;
  // Hansen's rule for the population, where none was asked for.
  directions_ = asked_directions_ > 0 ? asked_directions_ : 4 + (int)(3.0 * std::log((double)parameters));
  sigma_ = sigma0_;
  scale_.assign(kind_ == Sigma::per_parameter ? parameters : 1, (float)sigma0_);
  begin();
  prepare();
}

void Strategy::plan(std::int64_t generations) {
  if (generations < 0) {
    throw std::invalid_argument("generations: got " + std::to_string(generations) + ", wanted at least 0");
  }
  plan_ = generations;
  if (started()) prepare();
}

void Strategy::set_sigma(const float* sigma, std::int64_t count, double value) {
  need_start();
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("sigma: " + why); };
  if (adapts_sigma()) refuse("this strategy adapts it together with more, so it cannot be set");
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(sigma[i]) || !(sigma[i] > 0.0f)) refuse("wanted positive numbers");
  }
  if (kind_ == Sigma::per_parameter) {
    if (count != 1 && count != parameters()) {
      refuse("got " + std::to_string(count) + " values, wanted one or " + std::to_string(parameters()));
    }
    for (std::int64_t i = 0; i < parameters(); ++i) scale_[i] = sigma[count == 1 ? 0 : i];
    return;
  }
  if (count != 1) refuse("got " + std::to_string(count) + " values, wanted one");
  const double factor = sigma_factor();
  const double base = value / factor;
  if (!(factor > 0.0) || !std::isfinite(base)) refuse("cannot be set where its schedule has come to 0");
  sigma0_ = base;
  prepare();
}

void Strategy::set(const std::string& name, double value) {
  Options options({{name, value}});
  change(options);
  options.finish("this strategy under way");
}

void Strategy::set_optimizer(Options) { throw std::logic_error("this strategy has no optimiser"); }

void Strategy::need_start() const {
  if (!started()) throw std::logic_error("the strategy has not been started: call start(theta0, seed) first");
}

double Strategy::sigma() const {
  if (kind_ == Sigma::one) return sigma_;
  double sum = 0.0;
  for (float value : scale_) sum += value;
  return scale_.empty() ? sigma0_ : sum / (double)scale_.size();
}

Population Strategy::population() const {
  need_start();
  Population population;
  population.mean = mean_.data();
  population.scale = scale_.data();
  population.scale_per_parameter = kind_ == Sigma::per_parameter;
  population.seed = seed_;
  population.generation = (std::uint32_t)generation_;
  population.directions = directions_;
  population.antithetic = antithetic_;
  population.perturbation = perturbation_ ? &perturbation_->plan() : nullptr;
  return population;
}

Population Strategy::drawn_population() {
  constexpr std::int64_t little = 16384;  // 64 KiB: what stays in the second level of the cache
  Population drawn = population();
  const std::int64_t stride = noise_stride(parameters()), size = stride * directions_;
  if (size > little || perturbation_) return drawn;
  if (kept_ != generation_) {
    drawn_.resize((std::size_t)size);
    const Stream stream((std::uint32_t)drawn.noise_purpose, drawn.seed, drawn.generation,
                        (std::uint32_t)drawn.first_direction);
    kernels<NoiseKernels>().fill_rows(stream, directions_, stride / 64, drawn_.data());
    kept_ = generation_;
  }
  drawn.drawn = drawn_.data();
  return drawn;
}

void Strategy::ask(float* rows) const {
  const Population members = population();
  for (int m = 0; m < members.members(); ++m) write_member(members, parameters(), m, rows + m * parameters());
}

void Strategy::tell(const double* fitness, bool change) {
  need_start();
  int top = 0;
  for (int m = 0; m < members(); ++m) {
    if (std::isnan(fitness[m]) || fitness[m] == std::numeric_limits<double>::infinity()) {
      throw std::invalid_argument("fitness: member " + std::to_string(m) + " has " +
                                  (std::isnan(fitness[m]) ? "NaN" : "inf") +
                                  ", wanted a finite number, or -inf for a failed member");
    }
    if (fitness[m] > fitness[top]) top = m;
  }
  std::vector<float> better;
  if (fitness[top] > best_fitness_) {
    better.resize(mean_.size());
    write_member(population(), parameters(), top, better.data());
  }
  double norm = 0.0;
  if (change) {
    before_ = mean_;
    fitness_.assign(fitness, fitness + members());
    try {
      update(fitness_);
    } catch (...) {  // what moves first is the mean, by an optimiser that may be the user's
      mean_ = before_;
      throw;
    }
    norm = std::sqrt(kernels<VectorOps>().sum_of_squares(mean_.data(), before_.data(), parameters()));
    if (!std::isfinite(norm)) {
      mean_.swap(before_);
      throw std::overflow_error("the update of generation " + std::to_string(generation_) +
                                " is not finite: the learning rate or the deviation has grown too large");
    }
  }
  update_norm_ = norm;
  if (!better.empty()) {
    best_.swap(better);
    best_fitness_ = fitness[top];
  }
  ++generation_;
  prepare();
}

void Strategy::visit(StateVisitor& state) {
  need_start();
  std::int64_t seed = (std::int64_t)seed_;
  state.vector("mean", mean_);
  state.vector("scale", scale_);
  state.vector("best", best_);
  state.number("best_fitness", best_fitness_);
  state.number("update_norm", update_norm_);
  state.number("sigma", sigma_);
  state.count("generation", generation_);
  state.count("plan", plan_);
  state.integer("seed", seed);
  seed_ = (std::uint64_t)seed;
  kept_ = -1;
  visit_more(state);
}

void Strategy::sum_noise(const std::vector<double>& first_weights, const std::vector<double>& second_weights,
                         float* first, float* second) {
  for (const std::vector<double>* weights : {&first_weights, &second_weights}) {
    for (double weight : *weights) {
      // Squares of sums of such numbers must fit float32.
      if (!(std::abs(weight) <= 1e15)) {
        throw std::invalid_argument(
            "fitness: differs too much between members to be used as it is (weights over 1e15): "
            "choose shaping centered_rank or z_score");
      }
    }
  }
  weights_.assign(first_weights.begin(), first_weights.end());
  if (second != nullptr) weights_.insert(weights_.end(), second_weights.begin(), second_weights.end());
  Population known = population();
  if (perturbation_) {
    low_rank_sum(known, weights_.data(), threads, first);
    return;
  }
  if (kept_ == generation_) known.drawn = drawn_.data();
  noise_sum(known, parameters(), weights_.data(), second != nullptr ? weights_.data() + directions_ : nullptr,
            threads, first, second);
}

namespace {

using Maker = std::unique_ptr<Strategy> (*)(Options&, std::unique_ptr<Optimizer>);
const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> table = {{"openai_es", make_openai_es},
                                                     {"ars", make_ars},
                                                     {"snes", make_snes},
                                                     {"pgpe", make_pgpe},
                                                     {"sep_cmaes", make_sep_cmaes}};
  return table;
}

}  // namespace

std::unique_ptr<Strategy> make_strategy(const std::string& name, Options options,
                                        std::unique_ptr<Optimizer> optimizer) {
  auto maker = makers().find(name);
  if (maker == makers().end())
    throw std::invalid_argument("strategy: got '" + name + "', which is not known");
  std::unique_ptr<Strategy> strategy = maker->second(options, std::move(optimizer));
  options.finish(name);
  return strategy;
}

}  // namespace ember
