#include "gym/vector_env.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/checked.h"
#include "envs/environment_info.h"

namespace ember {
namespace {

// numpy's float32 sine and cosine for |x| < pi / 4 on processors with fma: its polynomials.
float numpy_cos(float x) {
  if (!(std::fabs(x) < 0.78f)) return static_cast<float>(std::cos(static_cast<double>(x)));
  const float square = x * x;
  float sum = std::fma(0x1.98e616p-16f, square, -0x1.6c06dcp-10f);
  sum = std::fma(sum, square, 0x1.55553cp-05f);
  sum = std::fma(sum, square, -0.5f);
  return std::fma(sum, square, 1.0f);
}
float numpy_sin(float x) {
  if (!(std::fabs(x) < 0.78f)) return static_cast<float>(std::sin(static_cast<double>(x)));
  const float square = x * x;
  float sum = std::fma(0x1.7d3bbcp-19f, square, -0x1.a06bbap-13f);
  sum = std::fma(sum, square, 0x1.11119ap-07f);
  sum = std::fma(sum, square, -0x1.555556p-03f);
  return std::fma(sum * square, x, x);
}

constexpr int most_environments = 1 << 30;

}  // namespace

VectorEnv::VectorEnv(const std::string& name, std::int64_t count, std::int64_t max_steps, Autoreset autoreset,
                     const std::vector<std::pair<std::string, double>>& parameters, bool sutton_barto_reward)
    : count_(checked_int("num_envs", count, 1, most_environments)),
      stride_((count_ + 3) / 4 * 4),
      max_steps_(checked_int("max_episode_steps", max_steps, 0, INT_MAX)),
      autoreset_(autoreset),
      sutton_barto_reward_(sutton_barto_reward) {
  const std::vector<EnvironmentInfo>& all = builtin_environments();
  for (std::size_t n = 0; n < all.size(); ++n)
    if (all[n].name == name) environment_ = static_cast<int>(n);
  if (environment_ < 0) refuse("no native environment is named '" + name + "'");
  const EnvironmentInfo& info = all[environment_];
  constants_ = info.parameter_defaults;
  for (const auto& [key, value] : parameters) {
    const auto found = std::find(info.parameter_names.begin(), info.parameter_names.end(), key);
    if (found == info.parameter_names.end()) refuse(name + " has no parameter '" + key + "'");
    constants_[found - info.parameter_names.begin()] = value;
  }
  choices_ = info.discrete ? info.actions : 0;
  sizes_ = kernels<VectorKernels>().sizes(environment_);
  start_ = info.start;
  state_.resize(
      checked_count("the states of num_envs environments", {stride_, sizes_.states}, sizeof(double)));
  actions_.resize(stride_);
  rewards_.resize(stride_);
  terminated_.resize(stride_);
  uniforms_.resize(sizes_.uniforms + 1);
  random_.resize(count_);
  elapsed_.resize(count_);
  ended_.resize(count_);
  fresh_.resize(count_);
}

void VectorEnv::get_state(double* to) const {
  for (int i = 0; i < count_; ++i)
    for (int k = 0; k < sizes_.states; ++k) *to++ = state_[static_cast<std::size_t>(k) * stride_ + i];
}

void VectorEnv::set_state(const double* from) {
  for (int i = 0; i < count_; ++i)
    for (int k = 0; k < sizes_.states; ++k) state_[static_cast<std::size_t>(k) * stride_ + i] = *from++;
}

void VectorEnv::start(int i, const Bounds* bounds) {
  for (int k = 0; k < sizes_.uniforms; ++k) uniforms_[k] = random_[i].uniform(0.0, 1.0);
  kernels<VectorKernels>().reset(environment_, constants_.data(), stride_, i, uniforms_.data(),
                                 state_.data());
  if (bounds != nullptr) {
    for (int k = 0; k < sizes_.uniforms; ++k) {
      const double edge = k == 0 ? bounds->low : bounds->high;
      const double low = start_.symmetric ? -edge : bounds->low;
      const double high = start_.symmetric ? edge : bounds->high;
      const double value = low + (high - low) * uniforms_[k];
      state_[static_cast<std::size_t>(k) * stride_ + i] =
          start_.float32 ? static_cast<double>(static_cast<float>(value)) : value;
    }
  }
  elapsed_[i] = 0;
  ended_[i] = 0;
}

void VectorEnv::observe(float* observations) const {
  kernels<VectorKernels>().observe(environment_, constants_.data(), stride_, count_, state_.data(),
                                   observations);
  if (!start_.float32) return;
  for (int i = 0; i < count_; ++i) {
    if (elapsed_[i] != 0) continue;
    for (int k = 0; k < 2; ++k) {
      const float angle = static_cast<float>(state_[static_cast<std::size_t>(k) * stride_ + i]);
      observations[i * sizes_.observations + 2 * k] = numpy_cos(angle);
      observations[i * sizes_.observations + 2 * k + 1] = numpy_sin(angle);
    }
  }
}

void VectorEnv::reset(const bool* mask, const Bounds* bounds, float* observations) {
  for (int i = 0; i < count_; ++i)
    if (mask == nullptr || mask[i]) start(i, bounds);
  observe(observations);
}

void VectorEnv::refuse_ended() const {
  if (autoreset_ != Autoreset::disabled) return;
  for (int i = 0; i < count_; ++i)
    if (ended_[i])
      refuse("environment " + std::to_string(i) +
             " has ended and autoreset is disabled: reset it with options={'reset_mask': ...}");
}

void VectorEnv::step(const std::int64_t* actions, const VectorStep& out) {
  bool wrong = false;
  const std::uint64_t choices = static_cast<std::uint64_t>(choices_);
  const int count = count_;
  double* to = actions_.data();
  for (int i = 0; i < count; ++i) {
    wrong |= static_cast<std::uint64_t>(actions[i]) >= choices;
    to[i] = static_cast<double>(static_cast<std::int32_t>(actions[i]));
  }
  for (int i = 0; wrong && i < count_; ++i)
    if (static_cast<std::uint64_t>(actions[i]) >= static_cast<std::uint64_t>(choices_))
      refuse("action " + std::to_string(actions[i]) + " of environment " + std::to_string(i) +
             " is not one of 0 to " + std::to_string(choices_ - 1));
  refuse_ended();
  advance(out);
}

void VectorEnv::step(const float* actions, const VectorStep& out) {
  refuse_ended();
  for (int i = 0; i < count_; ++i) actions_[i] = static_cast<double>(actions[i]);
  advance(out);
}

// Local names: stores of bytes through members could change the members, and nothing would become a vector.
int VectorEnv::count_time(const std::uint8_t* terminated, bool* truncated) {
  const std::int32_t limit = max_steps_ > 0 ? max_steps_ : INT32_MAX;
  const int count = count_;
  std::int32_t* __restrict elapsed = elapsed_.data();
  std::uint8_t* __restrict over = fresh_.data();
  std::uint8_t* __restrict late = reinterpret_cast<std::uint8_t*>(truncated);
  for (int i = 0; i < count; ++i) {
    elapsed[i] += 1;
    late[i] = elapsed[i] >= limit;
  }
  int ends = 0;
  for (int i = 0; i < count; ++i) {
    over[i] = terminated[i] | late[i];
    ends += over[i];
  }
  return ends;
}

int VectorEnv::next_ended(int from) const {
  const void* found = std::memchr(ended_.data() + from, 1, static_cast<std::size_t>(count_ - from));
  return found == nullptr ? count_
                          : static_cast<int>(static_cast<const std::uint8_t*>(found) - ended_.data());
}

void VectorEnv::advance(const VectorStep& out) {
  bool* terminated = reinterpret_cast<bool*>(terminated_.data());
  kernels<VectorKernels>().step(environment_, constants_.data(), stride_, actions_.data(), state_.data(),
                                rewards_.data(), terminated);
  std::copy_n(rewards_.data(), count_, out.rewards);
  std::copy_n(terminated, count_, out.terminated);
  if (sutton_barto_reward_)
    for (int i = 0; i < count_; ++i) out.rewards[i] = terminated[i] ? -1.0 : 0.0;
  int ends = count_time(terminated_.data(), out.truncated);
  if (any_ended_ && autoreset_ == Autoreset::next_step) {
    // These were over before this call: what they get is a reset in place of the step above.
    for (int i = next_ended(0); i < count_; i = next_ended(i + 1)) {
      ends -= fresh_[i];
      start(i, nullptr);
      out.rewards[i] = 0.0;
      out.terminated[i] = out.truncated[i] = false;
      fresh_[i] = 0;
    }
  }
  if (ends > 0 && autoreset_ == Autoreset::same_step) {
    observe(out.final_observations);
    for (int i = 0; i < count_; ++i)
      if (fresh_[i]) start(i, nullptr);
    ends = 0;
    std::fill(fresh_.begin(), fresh_.end(), 0);
  }
  ended_.swap(fresh_);
  any_ended_ = ends > 0;
  observe(out.observations);
}

}  // namespace ember
