// A robot of the user's: any model, with start, control, observation, reward and end computed by functions
// that numba compiled (python/ember_ml/envs/robots/compiled.py).
#pragma once

#include <cstdint>
#include <vector>

#include "envs/mujoco/environment.h"

namespace ember::mujoco {

// Slots of the table of addresses that the functions are called with; behind them, `arrays` of mjData and of
// the model.
enum Slot : int { slot_action, slot_observation, slot_reward, slot_flags, slot_rng, slot_time, slots };

// Returns 0, or 1 where Python would have raised.
using RobotFunction = std::int32_t (*)(void** table);

struct Robot {
  int frame_skip = 1, observations = 0, controls = 0;
  int positions = 0, velocities = 0;  // of the model
  RobotFunction reset = nullptr;      // fills the state that the episode starts from
  RobotFunction control = nullptr;    // the action into ctrl; null: copied as it is
  RobotFunction observe = nullptr;    // the observation after reset
  RobotFunction finish = nullptr;     // observation, reward and flags after a step

  void (*get_state)(const void* model, const void* data, double* state, int signature) = nullptr;
  void (*set_state)(const void* model, void* data, const double* state, int signature) = nullptr;
  int time_signature = 0;
  // Where reset changes the model: the constants that MuJoCo derives from it, and the state kept meanwhile.
  void (*set_constants)(void* model, void* data) = nullptr;
  int whole_signature = 0, whole_size = 0;
};

// A field of one simulation's own model, and what it held when the model was compiled.
struct ModelField {
  double* values;
  std::vector<double> original;
};

struct RobotArrays {
  std::vector<void*> arrays;
  std::vector<ModelField> fields;
};

class RobotTask final : public Task {
 public:
  // `arrays`: one for each simulation, in the order of Simulation::number.
  RobotTask(const Robot& robot, std::vector<RobotArrays> arrays);
  int observations() const override { return robot_.observations; }
  int controls() const override { return robot_.controls; }
  bool start(const Engine& engine, const Simulation& simulation, std::uint64_t seed,
             float* observation) const override;
  bool step(const Engine& engine, const Simulation& simulation, const float* action, float* observation,
            float* reward, std::uint8_t* flags) const override;

 private:
  // What one simulation's functions see.
  struct Scene {
    RobotArrays own;
    std::vector<void*> table;
    std::vector<float> action;
    std::vector<double> kept;
    double reward = 0.0, time = 0.0;
    std::uint64_t rng = 0;
    std::uint8_t flags = 0;
    bool broken = false;  // reset failed: it has no flag, so the first step sets it
  };
  void tell_time(const Simulation& simulation, Scene& scene) const;
  // Whether the functions made a number that is not finite of a simulation whose own are.
  bool wrong_number(const Simulation& simulation, const float* observation, double reward) const;
  Robot robot_;
  mutable std::vector<Scene> scenes_;
};

}  // namespace ember::mujoco
