// Steps many simulations of one of gymnasium's tasks at once, on several threads: a vector environment.
#pragma once

#include <cstdint>
#include <vector>

#include "envs/mujoco/locomotion.h"

namespace ember::mujoco {

// What a step tells, a row for each simulation; (x, y) are qpos[0] and qpos[1] after the step.
enum Column : int {
  column_reward,
  column_x_velocity,
  column_y_velocity,
  column_forward,
  column_control,
  column_contact,
  column_survive,
  column_x,
  column_y,
  columns
};

struct Rows {
  double* observations;      // (simulations, observation size)
  double* report;            // (simulations, columns)
  std::uint8_t* terminated;  // (simulations,)
};

// Steps the simulations numbered `which` with their rows of `actions` (simulations, controls), and writes
// theirs of `rows`; no other row is touched. `task` is the environment's.
// Throws std::runtime_error where MuJoCo reports an error.
void step_many(const Environment& environment, const LocomotionTask& task, const std::vector<int>& which,
               const float* actions, int threads, const Rows& rows);

}  // namespace ember::mujoco
