// Many copies of one built-in environment in double, stepped together: what gymnasium's SyncVectorEnv does,
// with TimeLimit and automatic resets, in one call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "envs/gymnasium_exact.h"
#include "envs/pcg64.h"

namespace ember {

enum class Autoreset : int { next_step = 0, same_step = 1, disabled = 2 };

// Arrays that a step fills; n environments, D observation values.
struct VectorStep {
  float* observations;        // (n, D)
  double* rewards;            // (n,)
  bool* terminated;           // (n,)
  bool* truncated;            // (n,)
  float* final_observations;  // (n, D), same_step only: the last observation of an episode that ended, else
                              // untouched
};

class VectorEnv {
 public:
  virtual ~VectorEnv() = default;

  virtual int count() const = 0;
  virtual int state_size() const = 0;
  virtual int observation_size() const = 0;
  virtual int choices() const = 0;  // 0: the action is action_size() float32 values
  virtual int action_size() const = 0;
  virtual void get_state(double* to) const = 0;  // (n, state_size())
  virtual void set_state(const double* from) = 0;
  virtual exact::Options defaults() const = 0;
  virtual const std::vector<std::int32_t>& elapsed() const = 0;  // steps of each running episode

  // Starts environment i's random stream anew; entropy as Pcg64 takes it.
  virtual void seed(int i, const std::vector<std::uint32_t>& entropy) = 0;
  // Starts episodes where mask is set (all if null), with the bounds given, and writes all current
  // observations.
  virtual void reset(const bool* mask, const exact::Options& options, float* observations) = 0;
  // actions: int64 (n,) or float32 (n, action_size()). Throws std::invalid_argument for an action out of
  // range, and with Autoreset::disabled for a step after the end; nothing has moved then.
  virtual void step(const std::int64_t* choices, const float* values, const VectorStep& out) = 0;
};

// Throws std::invalid_argument for an unknown name. max_steps 0: no limit.
std::unique_ptr<VectorEnv> make_vector_env(const std::string& name, int count, int max_steps,
                                           Autoreset autoreset, const exact::Options& options);

}  // namespace ember
