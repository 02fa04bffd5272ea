#include "envs/mujoco/robot.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace ember::mujoco {

RobotTask::RobotTask(const Robot& robot, std::vector<RobotArrays> arrays) : robot_(robot) {
  if (robot.frame_skip < 1 || robot.observations < 1 || !robot.reset || !robot.observe || !robot.finish)
    throw std::invalid_argument("robot: a size or a function is missing");
  for (RobotArrays& own : arrays) {
    Scene scene;
    scene.table.assign(slots, nullptr);
    scene.table.insert(scene.table.end(), own.arrays.begin(), own.arrays.end());
    scene.action.resize(static_cast<std::size_t>(robot.controls));
    scene.kept.resize(static_cast<std::size_t>(robot.whole_size));
    scene.own = std::move(own);
    scenes_.push_back(std::move(scene));
  }
  for (Scene& scene : scenes_) {  // where they lie now
    scene.table[slot_action] = scene.action.data();
    scene.table[slot_reward] = &scene.reward;
    scene.table[slot_flags] = &scene.flags;
    scene.table[slot_rng] = &scene.rng;
    scene.table[slot_time] = &scene.time;
  }
}

void RobotTask::tell_time(const Simulation& simulation, Scene& scene) const {
  if (robot_.get_state)
    robot_.get_state(simulation.model, simulation.data, &scene.time, robot_.time_signature);
}

bool RobotTask::wrong_number(const Simulation& simulation, const float* observation, double reward) const {
  const auto finite = [](const auto* values, int count) {
    return std::all_of(values, values + count, [](auto value) { return std::isfinite(value); });
  };
  if (std::isfinite(reward) && finite(observation, robot_.observations)) return false;
  return !simulation.diverged() && finite(simulation[Field::qpos], robot_.positions) &&
         finite(simulation[Field::qvel], robot_.velocities);
}

bool RobotTask::start(const Engine& engine, const Simulation& simulation, std::uint64_t seed,
                      float* observation) const {
  Scene& scene = scenes_[static_cast<std::size_t>(simulation.number)];
  if (!engine.reset_data(simulation)) return false;
  for (const ModelField& field : scene.own.fields)
    std::copy(field.original.begin(), field.original.end(), field.values);
  scene.rng = seed;
  scene.time = 0.0;
  scene.table[slot_observation] = observation;
  scene.broken = robot_.reset(scene.table.data()) != 0;
  if (!scene.broken) {
    if (!engine.forward(simulation, [&] {
          if (scene.own.fields.empty()) return;
          // Deriving the constants plays with the state.
          robot_.get_state(simulation.model, simulation.data, scene.kept.data(), robot_.whole_signature);
          robot_.set_constants(const_cast<void*>(simulation.model), simulation.data);
          robot_.set_state(simulation.model, simulation.data, scene.kept.data(), robot_.whole_signature);
        }))
      return false;
    scene.broken = robot_.observe(scene.table.data()) != 0 || wrong_number(simulation, observation, 0.0);
  }
  if (scene.broken) std::fill(observation, observation + robot_.observations, 0.0f);
  return true;
}

bool RobotTask::step(const Engine& engine, const Simulation& simulation, const float* action,
                     float* observation, float* reward, std::uint8_t* flags) const {
  Scene& scene = scenes_[static_cast<std::size_t>(simulation.number)];
  scene.table[slot_observation] = observation;
  std::copy(action, action + robot_.controls, scene.action.begin());
  if (robot_.control) {
    scene.broken |= !scene.broken && robot_.control(scene.table.data()) != 0;
  } else {
    std::copy(action, action + robot_.controls, simulation[Field::ctrl]);
  }
  const bool good = scene.broken || engine.step(simulation, robot_.frame_skip);
  if (good && !scene.broken) {
    tell_time(simulation, scene);
    scene.broken =
        robot_.finish(scene.table.data()) != 0 || wrong_number(simulation, observation, scene.reward);
    *reward = static_cast<float>(scene.reward);
    *flags = scene.flags;
  }
  if (!good || scene.broken) {
    std::fill(observation, observation + robot_.observations, 0.0f);
    *reward = 0.0f;
    *flags = scene.broken ? EMBER_ERROR : 0;
  }
  return good;
}

}  // namespace ember::mujoco
