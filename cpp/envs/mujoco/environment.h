// MuJoCo tasks as environments of the rollout loop: an ember_env whose threads each play on a simulation of
// their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "envs/mujoco/physics.h"
#include "include/ember_env.h"

namespace ember::mujoco {

class Environment;

// What one thread plays on.
struct Seat {
  Environment* environment;
  Simulation simulation;
  std::unique_ptr<Untimed> untimed = nullptr;  // while it is taken
};

// What is done with a simulation. All functions are called from several threads, each with its own seat.
class Task {
 public:
  virtual ~Task() = default;
  virtual int observations() const = 0;
  virtual int controls() const = 0;
  // Starts the episode that `seed` decides. False: MuJoCo reported an error, or the task did.
  virtual bool start(const Engine& engine, const Simulation& simulation, std::uint64_t seed,
                     float* observation) const = 0;
  // One action; flags are ember_env.h's.
  virtual bool step(const Engine& engine, const Simulation& simulation, const float* action,
                    float* observation, float* reward, std::uint8_t* flags) const = 0;
};

class Environment {
 public:
  // `low`, `high`: bounds of the actions, (controls,) or empty. Throws std::invalid_argument where sizes do
  // not fit.
  Environment(std::string name, int max_steps, const Library& library, std::unique_ptr<Task> task,
              const std::vector<Simulation>& simulations, std::vector<float> low, std::vector<float> high);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const ember_env& face() const { return face_; }
  const Task& task() const { return *task_; }
  const Engine& engine() const { return engine_; }
  int simulations() const { return static_cast<int>(seats_.size()); }
  const Simulation& simulation(int n) const { return seats_[static_cast<std::size_t>(n)].simulation; }

 private:
  static void* open(void* context);
  static void close(void* opened);

  std::string name_;
  Engine engine_;
  std::unique_ptr<Task> task_;
  std::vector<float> low_, high_;
  std::vector<Seat> seats_;
  std::mutex mutex_;
  std::condition_variable freed_;
  ember_env face_{};
};

}  // namespace ember::mujoco
