// Many copies of one built-in environment in double, stepped together: what gymnasium's SyncVectorEnv does,
// with TimeLimit and automatic resets, in one call and with its bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "envs/description.h"
#include "gym/pcg64.h"
#include "gym/vector_table.h"

namespace ember {

enum class Autoreset : int { next_step = 0, same_step = 1, disabled = 2 };

// Arrays that a step fills; n environments, D observation values.
struct VectorStep {
  float* observations;  // (n, D)
  double* rewards;      // (n,)
  bool* terminated;     // (n,)
  bool* truncated;      // (n,)
  // (n, D), same_step only: observations before the resets, if any episode ended; else untouched
  float* final_observations;
};

class VectorEnv {
 public:
  // parameters: overrides of the environment's constants, by name. max_steps 0: no limit.
  // `sutton_barto_reward`: CartPole's reward of -1 at the end and 0 before. Throws std::invalid_argument.
  VectorEnv(const std::string& name, std::int64_t count, std::int64_t max_steps, Autoreset autoreset,
            const std::vector<std::pair<std::string, double>>& parameters, bool sutton_barto_reward);

  int count() const { return count_; }
  int states() const { return sizes_.states; }
  int observations() const { return sizes_.observations; }
  int choices() const { return choices_; }  // 0: the action is one float32
  bool same_step() const { return autoreset_ == Autoreset::same_step; }
  const std::vector<std::int32_t>& elapsed() const { return elapsed_; }  // steps of each running episode
  void get_state(double* to) const;                                      // (n, states())
  void set_state(const double* from);

  // Starts environment i's random stream anew; entropy as Pcg64 takes it.
  void seed(int i, const std::vector<std::uint32_t>& entropy) { random_[i] = Pcg64(entropy); }
  // Bounds of the starts, as gymnasium's reset options set them: low and high, or Pendulum's largest angle
  // and speed.
  struct Bounds {
    double low, high;
  };
  Bounds bounds() const { return {start_.low, start_.high}; }
  // Starts episodes where mask is set (all if null), and writes all current observations.
  void reset(const bool* mask, const Bounds* bounds, float* observations);
  // One action an environment. Throws std::invalid_argument for an action out of range, and with
  // Autoreset::disabled for a step after the end; nothing has moved then.
  void step(const std::int64_t* actions, const VectorStep& out);
  void step(const float* actions, const VectorStep& out);

 private:
  void start(int i, const Bounds* bounds);
  void refuse_ended() const;
  void advance(const VectorStep& out);
  // One step more for each: sets fresh_ and truncated; returns how many ended.
  int count_time(const std::uint8_t* terminated, bool* truncated);
  int next_ended(int from) const;  // the first i >= from that was over, else count_
  void observe(float* observations) const;

  int environment_ = -1, count_, stride_, max_steps_, choices_ = 0;
  Autoreset autoreset_;
  bool sutton_barto_reward_;
  VectorSizes sizes_{};
  EnvStart start_;
  std::vector<double> constants_, state_, actions_, rewards_, uniforms_;
  std::vector<std::uint8_t> terminated_, ended_, fresh_;  // ended_: over before a step; fresh_: after it
  bool any_ended_ = false;
  std::vector<Pcg64> random_;
  std::vector<std::int32_t> elapsed_;
};

}  // namespace ember
