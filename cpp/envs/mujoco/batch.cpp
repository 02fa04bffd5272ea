#include "envs/mujoco/batch.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>

#include "core/threads.h"

namespace ember::mujoco {
namespace {

bool step_one(const Environment& environment, const LocomotionTask& task, int n, const float* actions,
              const Rows& rows) {
  const Simulation& simulation = environment.simulation(n);
  const auto row = static_cast<std::size_t>(n);
  const Locomotion& what = task.locomotion();
  StepReport told;
  const float* action = actions + row * static_cast<std::size_t>(what.controls);
  if (!step(what, environment.engine(), simulation, action, &told)) return false;
  observe(what, simulation, rows.observations + row * static_cast<std::size_t>(task.observations()));
  double* report = rows.report + row * columns;
  report[column_reward] = told.reward;
  report[column_x_velocity] = told.x_velocity;
  report[column_y_velocity] = told.y_velocity;
  report[column_forward] = told.forward;
  report[column_control] = told.control;
  report[column_contact] = told.contact;
  report[column_survive] = told.survive;
  report[column_x] = simulation[Field::qpos][0];
  report[column_y] = what.qpos.size() > 1 ? simulation[Field::qpos][1] : 0.0;
  rows.terminated[row] = told.terminated ? 1 : 0;
  return true;
}

}  // namespace

void step_many(const Environment& environment, const LocomotionTask& task, const std::vector<int>& which,
               const float* actions, int threads, const Rows& rows) {
  environment.engine().take_handlers();
  const Untimed untimed(environment.engine().library());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::string failure;
  const auto work = [&](int) {
    for (std::size_t at = next++; at < which.size(); at = next++) {
      if (step_one(environment, task, which[at], actions, rows)) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      failure = last_error();
    }
  };
  const int team = std::min(threads, static_cast<int>(which.size()));
  if (team > 1) {
    Team(team).run(team, work);
  } else {
    work(0);
  }
  if (!failure.empty()) throw std::runtime_error("MuJoCo: " + failure);
}

}  // namespace ember::mujoco
