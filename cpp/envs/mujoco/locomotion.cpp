#include "envs/mujoco/locomotion.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "noise/noise_table.h"
#include "noise/population.h"
#include "noise/random.h"

namespace ember::mujoco {
namespace {

// numpy's pairwise summation: below 8 values in order, up to 128 in eight partial sums, beyond in halves.
template <class T>
T pairwise_sum(const T* x, int count) {
  if (count < 8) {
    T sum = T(-0.0);
    for (int i = 0; i < count; ++i) sum += x[i];
    return sum;
  }
  if (count <= 128) {
    T part[8];
    for (int j = 0; j < 8; ++j) part[j] = x[j];
    int i = 8;
    for (; i < count - count % 8; i += 8) {
      for (int j = 0; j < 8; ++j) part[j] += x[i + j];
    }
    T sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < count; ++i) sum += x[i];
    return sum;
  }
  const int half = count / 2 - count / 2 % 8;
  return pairwise_sum(x, half) + pairwise_sum(x + half, count - half);
}

// numpy.sum(numpy.square(x)).
template <class T, class Value>
T sum_of_squares(int count, std::vector<T>* room, Value value) {
  room->resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const T x = value(i);
    (*room)[static_cast<std::size_t>(i)] = x * x;
  }
  return pairwise_sum(room->data(), count);
}

// numpy.clip; NaN stays NaN.
double clipped(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

struct Point {
  double x, y;
};

Point position(const Locomotion& task, const Simulation& simulation) {
  switch (task.mover) {
    case Locomotion::Mover::body: {
      const double* at = simulation[Field::xpos] + 3 * task.body;
      return {at[0], at[1]};
    }
    case Locomotion::Mover::mass: {
      const double* at = simulation[Field::xipos];
      double x = 0.0, y = 0.0;
      for (std::size_t body = 0; body < task.masses.size(); ++body) {
        x += task.masses[body] * at[3 * body];
        y += task.masses[body] * at[3 * body + 1];
      }
      return {x / task.total_mass, y / task.total_mass};
    }
    default:
      return {simulation[Field::qpos][0], task.qpos.size() > 1 ? simulation[Field::qpos][1] : 0.0};
  }
}

bool within(double x, const Range& range) { return range.low < x && x < range.high; }

bool healthy(const Locomotion& task, const Simulation& simulation) {
  const double *qpos = simulation[Field::qpos], *qvel = simulation[Field::qvel];
  const double height = qpos[task.height];
  if (task.inclusive) {
    for (std::size_t i = 0; i < task.qpos.size(); ++i) {
      if (!std::isfinite(qpos[i])) return false;
    }
    for (std::size_t i = 0; i < task.qvel.size(); ++i) {
      if (!std::isfinite(qvel[i])) return false;
    }
    return task.healthy_height.low <= height && height <= task.healthy_height.high;
  }
  if (!within(height, task.healthy_height)) return false;
  if (task.has_angle && !within(qpos[task.height + 1], task.healthy_angle)) return false;
  if (task.has_state) {
    for (std::size_t i = 2; i < task.qpos.size(); ++i) {
      if (!within(qpos[i], task.healthy_state)) return false;
    }
    for (std::size_t i = 0; i < task.qvel.size(); ++i) {
      if (!within(qvel[i], task.healthy_state)) return false;
    }
  }
  return true;
}

double control_cost(const Locomotion& task, const Simulation& simulation, const float* action) {
  if (task.control_in_double) {
    thread_local std::vector<double> room;
    const double* control = simulation[Field::ctrl];
    return task.control_weight * sum_of_squares(task.controls, &room, [&](int i) { return control[i]; });
  }
  thread_local std::vector<float> room;
  // A Python number times a float32 is a float32.
  return static_cast<float>(task.control_weight) *
         sum_of_squares(task.controls, &room, [&](int i) { return action[i]; });
}

double contact_cost(const Locomotion& task, const Simulation& simulation) {
  thread_local std::vector<double> room;
  const double* force = simulation[Field::cfrc_ext];
  const Range range = task.contact_range;
  if (task.contact == Locomotion::Contact::clip_forces) {
    return task.contact_weight * sum_of_squares(task.forces, &room, [&](int i) {
             return clipped(force[i], range.low, range.high);
           });
  }
  const double cost =
      task.contact_weight * sum_of_squares(task.forces, &room, [&](int i) { return force[i]; });
  return clipped(cost, range.low, range.high);
}

}  // namespace

void observe(const Locomotion& task, const Simulation& simulation, double* to) {
  for (const ObservedPart& part : task.observed) {
    const double* from = simulation[part.field] + part.first;
    for (int i = 0; i < part.count; ++i) *to++ = part.clip ? clipped(from[i], part.low, part.high) : from[i];
  }
}

bool step(const Locomotion& task, const Engine& engine, const Simulation& simulation, const float* action,
          StepReport* report) {
  const Point before = position(task, simulation);
  double* control = simulation[Field::ctrl];
  for (int i = 0; i < task.controls; ++i) control[i] = action[i];
  if (!engine.step(simulation, task.frame_skip)) return false;
  const Point after = position(task, simulation);
  report->x_velocity = (after.x - before.x) / task.dt;
  report->y_velocity = (after.y - before.y) / task.dt;
  report->forward = task.forward_weight * report->x_velocity;
  double gain = report->forward, cost = control_cost(task, simulation, action);
  report->control = -cost;
  report->terminated = false;
  if (task.survives) {
    const bool good = healthy(task, simulation);
    report->survive = good ? task.healthy_reward : 0.0 * task.healthy_reward;
    report->terminated = !good && task.terminates;
    gain += report->survive;
  }
  if (task.contact != Locomotion::Contact::none) {
    const double contact = contact_cost(task, simulation);
    report->contact = -contact;
    cost += contact;
  }
  report->reward = gain - cost;
  return true;
}

LocomotionTask::LocomotionTask(Locomotion task) : task_(std::move(task)) {
  if (task_.frame_skip < 1) throw std::invalid_argument("frame_skip: wanted 1 or more");
  for (const ObservedPart& part : task_.observed) observations_ += part.count;
}

void LocomotionTask::draw(std::uint64_t seed, double* qpos, double* qvel) const {
  const auto purpose = static_cast<std::uint32_t>(Purpose::reset);
  const std::size_t positions = task_.qpos.size(), velocities = task_.qvel.size(),
                    drawn = positions + (task_.normal_velocities ? 0 : velocities);
  thread_local std::vector<float> values;
  values.resize(std::max(drawn, velocities));
  uniforms(Stream(purpose, seed, 0, 0), static_cast<std::int64_t>(drawn), values.data());
  const auto spread = [&](float x) { return task_.reset_noise * (2.0 * x - 1.0); };
  for (std::size_t i = 0; i < positions; ++i) qpos[i] = task_.qpos[i] + spread(values[i]);
  if (!task_.normal_velocities) {
    for (std::size_t i = 0; i < velocities; ++i) qvel[i] = task_.qvel[i] + spread(values[positions + i]);
    return;
  }
  kernels<NoiseKernels>(simd_level_between_other_work())
      .fill(Stream(purpose, seed, 0, 0, 1), 0, static_cast<std::int64_t>(velocities), values.data());
  for (std::size_t i = 0; i < velocities; ++i) qvel[i] = task_.qvel[i] + task_.reset_noise * values[i];
}

void LocomotionTask::write(const Simulation& simulation, float* observation) const {
  thread_local std::vector<double> values;
  values.resize(static_cast<std::size_t>(observations_));
  observe(task_, simulation, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) observation[i] = static_cast<float>(values[i]);
}

bool LocomotionTask::start(const Engine& engine, const Simulation& simulation, std::uint64_t seed,
                           float* observation) const {
  thread_local std::vector<double> qpos, qvel;
  qpos.resize(task_.qpos.size());
  qvel.resize(task_.qvel.size());
  draw(seed, qpos.data(), qvel.data());
  const bool good = engine.reset(simulation, qpos.data(), static_cast<int>(qpos.size()), qvel.data(),
                                 static_cast<int>(qvel.size()));
  write(simulation, observation);
  return good;
}

bool LocomotionTask::step(const Engine& engine, const Simulation& simulation, const float* action,
                          float* observation, float* reward, std::uint8_t* flags) const {
  StepReport report;
  const bool good = mujoco::step(task_, engine, simulation, action, &report);
  *reward = static_cast<float>(report.reward);
  *flags = report.terminated ? EMBER_TERMINATED : 0;
  write(simulation, observation);
  return good;
}

}  // namespace ember::mujoco
