#include "envs/vector_env.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace ember {
namespace {

template <class Env>
class Many final : public VectorEnv {
 public:
  Many(int count, int max_steps, Autoreset autoreset, const exact::Options& options)
      : count_(count),
        max_steps_(max_steps),
        autoreset_(autoreset),
        defaults_(options),
        state_(static_cast<std::size_t>(count) * Env::state_size),
        random_(count),
        elapsed_(count, 0),
        ended_(count, 0),
        fresh_(count, 0) {
    defaults_.reset_low = Env::low;
    defaults_.reset_high = Env::high;
  }

  int count() const override { return count_; }
  int state_size() const override { return Env::state_size; }
  int observation_size() const override { return Env::observation_size; }
  int choices() const override { return Env::choices; }
  int action_size() const override { return Env::action_size; }
  void get_state(double* to) const override {
    for (int i = 0; i < count_; ++i) load(i, to + static_cast<std::size_t>(i) * Env::state_size);
  }
  void set_state(const double* from) override {
    for (int i = 0; i < count_; ++i) store(i, from + static_cast<std::size_t>(i) * Env::state_size);
  }
  exact::Options defaults() const override { return defaults_; }
  const std::vector<std::int32_t>& elapsed() const override { return elapsed_; }

  void seed(int i, const std::vector<std::uint32_t>& entropy) override { random_[i] = Pcg64(entropy); }

  void reset(const bool* mask, const exact::Options& options, float* observations) override {
    for (int i = 0; i < count_; ++i)
      if (mask == nullptr || mask[i]) start(i, options);
    observe_all(observations);
  }

  void step(const std::int64_t* choices, const float* values, const VectorStep& out) override {
    check(choices);
    if constexpr (Env::choices == 2) {
      Env::step_many(count_, state_.data(), count_, choices, defaults_, out.rewards, out.terminated);
    } else {
      for (int i = 0; i < count_; ++i) {
        bool terminated = false;
        double s[Env::state_size];
        load(i, s);
        if constexpr (Env::choices > 0) {
          out.rewards[i] = Env::step(s, choices[i], defaults_, &terminated);
        } else {
          out.rewards[i] =
              Env::step(s, values + static_cast<std::size_t>(i) * Env::action_size, defaults_, &terminated);
        }
        store(i, s);
        out.terminated[i] = terminated;
      }
    }
    const std::int32_t limit = max_steps_ > 0 ? max_steps_ : INT32_MAX;
    int ends = 0;
    for (int i = 0; i < count_; ++i) {
      out.truncated[i] = ++elapsed_[i] >= limit;
      ends += fresh_[i] = out.terminated[i] | out.truncated[i];
    }
    if (ended_any_ && autoreset_ == Autoreset::next_step) {
      // These were over before this call: what they get is a reset in place of the step above.
      for (int i = 0; i < count_; ++i) {
        if (!ended_[i]) continue;
        ends -= fresh_[i];
        start(i, defaults_);
        out.rewards[i] = 0.0;
        out.terminated[i] = out.truncated[i] = false;
        fresh_[i] = 0;
      }
    }
    if (ends > 0 && autoreset_ == Autoreset::same_step) {
      observe_all(out.final_observations);
      for (int i = 0; i < count_; ++i)
        if (fresh_[i]) start(i, defaults_);
      ends = 0;
      std::fill(fresh_.begin(), fresh_.end(), 0);
    }
    ended_.swap(fresh_);
    ended_any_ = ends > 0;
    observe_all(out.observations);
  }

 private:
  // State is stored part by part: part k of environment i at [k * count + i].
  void load(int i, double* s) const {
    for (int k = 0; k < Env::state_size; ++k) s[k] = state_[static_cast<std::size_t>(k) * count_ + i];
  }
  void store(int i, const double* s) {
    for (int k = 0; k < Env::state_size; ++k) state_[static_cast<std::size_t>(k) * count_ + i] = s[k];
  }

  void start(int i, const exact::Options& options) {
    double s[Env::state_size];
    Env::reset(s, random_[i], options);
    store(i, s);
    elapsed_[i] = 0;
    ended_[i] = 0;
  }

  void observe_all(float* observations) const {
    for (int i = 0; i < count_; ++i) {
      double s[Env::state_size];
      load(i, s);
      Env::observe(s, observations + static_cast<std::size_t>(i) * Env::observation_size);
    }
  }

  void check(const std::int64_t* choices) const {
    if (Env::choices > 0) {
      bool wrong = false;
      for (int i = 0; i < count_; ++i) wrong |= static_cast<std::uint64_t>(choices[i]) >= Env::choices;
      for (int i = 0; wrong && i < count_; ++i)
        if (static_cast<std::uint64_t>(choices[i]) >= Env::choices)
          throw std::invalid_argument("action " + std::to_string(choices[i]) + " of environment " +
                                      std::to_string(i) + " is not one of 0 to " +
                                      std::to_string(Env::choices - 1));
    }
    if (autoreset_ == Autoreset::disabled)
      for (int i = 0; i < count_; ++i)
        if (ended_[i])
          throw std::invalid_argument(
              "environment " + std::to_string(i) +
              " has ended and autoreset is disabled: reset it with options={'reset_mask': ...}");
  }

  int count_, max_steps_;
  Autoreset autoreset_;
  exact::Options defaults_;
  std::vector<double> state_;
  std::vector<Pcg64> random_;
  std::vector<std::int32_t> elapsed_;
  std::vector<std::uint8_t> ended_, fresh_;  // over before a step, and after it
  bool ended_any_ = false;
};

}  // namespace

std::unique_ptr<VectorEnv> make_vector_env(const std::string& name, int count, int max_steps,
                                           Autoreset autoreset, const exact::Options& options) {
  if (count < 1) throw std::invalid_argument("num_envs is " + std::to_string(count) + "; wanted at least 1");
  if (max_steps < 0) throw std::invalid_argument("max_episode_steps is " + std::to_string(max_steps));
  if (name == "CartPole-v1")
    return std::make_unique<Many<exact::CartPole>>(count, max_steps, autoreset, options);
  if (name == "Pendulum-v1")
    return std::make_unique<Many<exact::Pendulum>>(count, max_steps, autoreset, options);
  if (name == "MountainCar-v0")
    return std::make_unique<Many<exact::MountainCar>>(count, max_steps, autoreset, options);
  if (name == "MountainCarContinuous-v0")
    return std::make_unique<Many<exact::MountainCarContinuous>>(count, max_steps, autoreset, options);
  if (name == "Acrobot-v1")
    return std::make_unique<Many<exact::Acrobot>>(count, max_steps, autoreset, options);
  if (name == "Simple1D-v0")
    return std::make_unique<Many<exact::Simple1D>>(count, max_steps, autoreset, options);
  throw std::invalid_argument("no native vector environment is named '" + name + "'");
}

}  // namespace ember
