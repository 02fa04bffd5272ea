// gymnasium's six locomotion tasks (version 5) as data: what is observed, rewarded and called healthy. In
// float64, operation by operation as gymnasium and numpy compute, so that results are equal to the bit.
#pragma once

#include <vector>

#include "envs/mujoco/environment.h"

namespace ember::mujoco {

// A run of values of one array, clipped to [low, high].
struct ObservedPart {
  Field field;
  int first, count;
  bool clip;
  double low, high;
};

struct Range {
  double low, high;
};

struct Locomotion {
  int frame_skip = 1;
  double dt = 0.0;                 // of a step of the environment, s
  std::vector<double> qpos, qvel;  // where episodes start, before the noise
  double reset_noise = 0.0;
  bool normal_velocities = false;  // the noise of velocities is normal, else uniform like that of positions
  int controls = 0;

  std::vector<ObservedPart> observed;

  // What moves forward: qpos[0], a body's position, or the centre of mass.
  enum class Mover : int { joint, body, mass } mover = Mover::joint;
  int body = 0;
  std::vector<double> masses;  // of every body, for the centre of mass
  double total_mass = 0.0;
  double forward_weight = 1.0;

  double control_weight = 0.0;
  bool control_in_double = false;  // Humanoid sums what is in mjData; the others the action, in float32

  // Contact forces: Ant clips each force, Humanoid the cost.
  enum class Contact : int { none, clip_forces, clip_cost } contact = Contact::none;
  double contact_weight = 0.0;
  Range contact_range{0.0, 0.0};
  int forces = 0;  // values in cfrc_ext

  bool survives = false;  // has a healthy reward and a notion of health
  double healthy_reward = 0.0;
  bool terminates = false;
  int height = 1;  // index into qpos
  Range healthy_height{0.0, 0.0};
  bool inclusive = false;  // bounds belong to the healthy range, and every number must be finite (Ant)
  bool has_angle = false;
  Range healthy_angle{0.0, 0.0};
  bool has_state = false;  // all of state[2:] within (Hopper)
  Range healthy_state{0.0, 0.0};
};

// What gymnasium puts into `info`, and the reward.
struct StepReport {
  double reward = 0.0;
  bool terminated = false;
  double x_velocity = 0.0, y_velocity = 0.0;
  double forward = 0.0, control = 0.0, contact = 0.0, survive = 0.0;
};

void observe(const Locomotion& task, const Simulation& simulation, double* to);

// One step with `action` (controls,) float32. False: MuJoCo reported an error.
bool step(const Locomotion& task, const Engine& engine, const Simulation& simulation, const float* action,
          StepReport* report);

class LocomotionTask final : public Task {
 public:
  explicit LocomotionTask(Locomotion task);
  const Locomotion& locomotion() const { return task_; }
  // Where the episode of that seed starts: gymnasium's distribution, our own keyed draws.
  void draw(std::uint64_t seed, double* qpos, double* qvel) const;
  int observations() const override { return observations_; }
  int controls() const override { return task_.controls; }
  bool start(const Engine& engine, const Simulation& simulation, std::uint64_t seed,
             float* observation) const override;
  bool step(const Engine& engine, const Simulation& simulation, const float* action, float* observation,
            float* reward, std::uint8_t* flags) const override;

 private:
  void write(const Simulation& simulation, float* observation) const;
  Locomotion task_;
  int observations_ = 0;
};

}  // namespace ember::mujoco
