// A locomotion task as an environment of the rollout loop: an ember_env whose threads each play on a
// simulation of their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "envs/mujoco/locomotion.h"
#include "include/ember_env.h"

namespace ember::mujoco {

class Environment {
 public:
  // Throws std::invalid_argument where sizes do not fit. `low`, `high`: bounds of the actions.
  Environment(std::string name, int max_steps, const Library& library, Locomotion task,
              std::vector<Simulation> simulations, std::vector<float> low, std::vector<float> high);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const ember_env& face() const { return face_; }
  const Locomotion& task() const { return task_; }
  int simulations() const { return static_cast<int>(seats_.size()); }

  // Starts an episode of simulation `n` from a state, or from noise that `seed` draws; then its observation
  // (observations(),). For tests and for gymnasium's vector environments, which draw as numpy does.
  void reset(int n, const double* qpos, const double* qvel, double* observation);
  void draw(std::uint64_t seed, double* qpos, double* qvel) const;
  void step(int n, const float* action, double* observation, StepReport* report);
  bool diverged(int n) const { return seats_[static_cast<std::size_t>(n)].simulation.diverged(); }

 private:
  // What one thread plays on.
  struct Seat {
    Environment* environment;
    Simulation simulation;
    std::vector<double> observation, qpos, qvel;
    bool taken = false;
  };
  static void* open(void* context);
  static void close(void* opened);
  static void reset_one(void* opened, std::int32_t lanes, void* states, const std::uint64_t* seeds,
                        float* observations);
  static void step_one(void* opened, std::int32_t lanes, void* states, const float* actions,
                       float* observations, float* rewards, std::uint8_t* flags);
  void write(Seat& seat, bool good, float* observations) const;

  std::string name_;
  Engine engine_;
  Locomotion task_;
  std::vector<float> low_, high_;
  std::vector<Seat> seats_;
  std::mutex mutex_;
  std::condition_variable freed_;
  ember_env face_{};
};

}  // namespace ember::mujoco
