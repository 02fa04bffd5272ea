#include "envs/vector_env.h"

#include <cstring>
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
        ended_(count, 0) {
    defaults_.reset_low = Env::low;
    defaults_.reset_high = Env::high;
  }

  int count() const override { return count_; }
  int state_size() const override { return Env::state_size; }
  int observation_size() const override { return Env::observation_size; }
  int choices() const override { return Env::choices; }
  int action_size() const override { return Env::action_size; }
  double* state() override { return state_.data(); }
  exact::Options defaults() const override { return defaults_; }

  void seed(int i, const std::vector<std::uint32_t>& entropy) override { random_[i] = Pcg64(entropy); }

  void reset(const bool* mask, const exact::Options& options, float* observations) override {
    for (int i = 0; i < count_; ++i) {
      if (mask == nullptr || mask[i]) start(i, options);
      observe(i, observations);
    }
  }

  void step(const std::int64_t* choices, const float* values, const VectorStep& out) override {
    check(choices);
    for (int i = 0; i < count_; ++i) {
      if (ended_[i] && autoreset_ == Autoreset::next_step) {
        start(i, defaults_);
        out.rewards[i] = 0.0;
        out.terminated[i] = out.truncated[i] = false;
        observe(i, out.observations);
        continue;
      }
      double* s = &state_[static_cast<std::size_t>(i) * Env::state_size];
      bool terminated = false;
      if constexpr (Env::choices > 0) {
        out.rewards[i] = Env::step(s, choices[i], defaults_, &terminated);
      } else {
        out.rewards[i] = Env::step(s, values + static_cast<std::size_t>(i) * Env::action_size, defaults_, &terminated);
      }
      const bool truncated = ++elapsed_[i] >= max_steps_ && max_steps_ > 0;
      out.terminated[i] = terminated;
      out.truncated[i] = truncated;
      ended_[i] = terminated | truncated;
      if (ended_[i] && autoreset_ == Autoreset::same_step) {
        observe(i, out.final_observations);
        start(i, defaults_);
      }
      observe(i, out.observations);
    }
  }

 private:
  void start(int i, const exact::Options& options) {
    Env::reset(&state_[static_cast<std::size_t>(i) * Env::state_size], random_[i], options);
    elapsed_[i] = 0;
    ended_[i] = 0;
  }

  void observe(int i, float* observations) const {
    Env::observe(&state_[static_cast<std::size_t>(i) * Env::state_size],
                 observations + static_cast<std::size_t>(i) * Env::observation_size);
  }

  void check(const std::int64_t* choices) const {
    if (Env::choices > 0) {
      bool wrong = false;
      for (int i = 0; i < count_; ++i) wrong |= static_cast<std::uint64_t>(choices[i]) >= Env::choices;
      for (int i = 0; wrong && i < count_; ++i)
        if (static_cast<std::uint64_t>(choices[i]) >= Env::choices)
          throw std::invalid_argument("action " + std::to_string(choices[i]) + " of environment " + std::to_string(i) +
                                      " is not one of 0 to " + std::to_string(Env::choices - 1));
    }
    if (autoreset_ == Autoreset::disabled)
      for (int i = 0; i < count_; ++i)
        if (ended_[i])
          throw std::invalid_argument("environment " + std::to_string(i) +
                                      " has ended and autoreset is disabled: reset it with options={'reset_mask': ...}");
  }

  int count_, max_steps_;
  Autoreset autoreset_;
  exact::Options defaults_;
  std::vector<double> state_;
  std::vector<Pcg64> random_;
  std::vector<std::int32_t> elapsed_;
  std::vector<std::uint8_t> ended_;
};

}  // namespace

std::unique_ptr<VectorEnv> make_vector_env(const std::string& name, int count, int max_steps, Autoreset autoreset,
                                           const exact::Options& options) {
  if (count < 1) throw std::invalid_argument("num_envs is " + std::to_string(count) + "; wanted at least 1");
  if (max_steps < 0) throw std::invalid_argument("max_episode_steps is " + std::to_string(max_steps));
  if (name == "CartPole-v1") return std::make_unique<Many<exact::CartPole>>(count, max_steps, autoreset, options);
  if (name == "Pendulum-v1") return std::make_unique<Many<exact::Pendulum>>(count, max_steps, autoreset, options);
  if (name == "MountainCar-v0") return std::make_unique<Many<exact::MountainCar>>(count, max_steps, autoreset, options);
  if (name == "MountainCarContinuous-v0")
    return std::make_unique<Many<exact::MountainCarContinuous>>(count, max_steps, autoreset, options);
  if (name == "Acrobot-v1") return std::make_unique<Many<exact::Acrobot>>(count, max_steps, autoreset, options);
  if (name == "Simple1D-v0") return std::make_unique<Many<exact::Simple1D>>(count, max_steps, autoreset, options);
  throw std::invalid_argument("no native vector environment is named '" + name + "'");
}

}  // namespace ember
