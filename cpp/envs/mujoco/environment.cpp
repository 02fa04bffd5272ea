#include "envs/mujoco/environment.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/noise_table.h"
#include "core/random.h"
#include "es/population.h"

namespace ember::mujoco {
namespace {

void check(bool good, const std::string& message) {
  if (!good) throw std::invalid_argument("mujoco: " + message);
}

}  // namespace

Environment::Environment(std::string name, int max_steps, const Library& library, Locomotion task,
                         std::vector<Simulation> simulations, std::vector<float> low, std::vector<float> high)
    : name_(std::move(name)),
      engine_(library),
      task_(std::move(task)),
      low_(std::move(low)),
      high_(std::move(high)) {
  check(!simulations.empty(), "no simulation");
  check(max_steps > 0 && task_.frame_skip > 0 && task_.controls > 0,
        "max_steps, frame_skip and controls must be positive");
  check(low_.size() == static_cast<std::size_t>(task_.controls) && low_.size() == high_.size(),
        "bounds of the actions do not fit");
  for (const Simulation& simulation : simulations) {
    Seat seat{this, simulation, {}, task_.qpos, task_.qvel};
    seat.observation.resize(static_cast<std::size_t>(task_.observations()));
    seats_.push_back(std::move(seat));
  }
  face_.abi_version = EMBER_ENV_ABI;
  face_.struct_size = sizeof face_;
  face_.name = name_.c_str();
  face_.observation_size = static_cast<std::uint32_t>(task_.observations());
  face_.action_size = static_cast<std::uint32_t>(task_.controls);
  face_.max_steps = static_cast<std::uint32_t>(max_steps);
  face_.action_low = low_.data();
  face_.action_high = high_.data();
  face_.context = this;
  face_.reset = reset_one;
  face_.step = step_one;
  face_.open = open;
  face_.close = close;
  face_.one_at_a_time = 1;
}

void Environment::draw(std::uint64_t seed, double* qpos, double* qvel) const {
  const Stream stream(static_cast<std::uint32_t>(Purpose::reset), seed, 0, 0);
  const std::size_t positions = task_.qpos.size(), velocities = task_.qvel.size(),
                    drawn = positions + (task_.normal_velocities ? 0 : velocities);
  std::vector<float> u(drawn);
  uniforms(stream, static_cast<std::int64_t>(drawn), u.data());
  const auto spread = [&](float x) { return task_.reset_noise * (2.0 * x - 1.0); };
  for (std::size_t i = 0; i < positions; ++i) qpos[i] = task_.qpos[i] + spread(u[i]);
  if (task_.normal_velocities) {
    std::vector<float> normal(velocities);
    const Stream own(static_cast<std::uint32_t>(Purpose::reset), seed, 0, 0, 1);
    kernels<NoiseKernels>().fill(own, 0, static_cast<std::int64_t>(velocities), normal.data());
    for (std::size_t i = 0; i < velocities; ++i) qvel[i] = task_.qvel[i] + task_.reset_noise * normal[i];
  } else {
    for (std::size_t i = 0; i < velocities; ++i) qvel[i] = task_.qvel[i] + spread(u[positions + i]);
  }
}

void Environment::reset(int n, const double* qpos, const double* qvel, double* observation) {
  const Simulation& simulation = seats_[static_cast<std::size_t>(n)].simulation;
  if (!engine_.reset(simulation, qpos, static_cast<int>(task_.qpos.size()), qvel,
                     static_cast<int>(task_.qvel.size())))
    throw std::runtime_error("MuJoCo: " + last_error());
  observe(task_, simulation, observation);
}

void Environment::step(int n, const float* action, double* observation, StepReport* report) {
  const Simulation& simulation = seats_[static_cast<std::size_t>(n)].simulation;
  if (!mujoco::step(task_, engine_, simulation, action, report))
    throw std::runtime_error("MuJoCo: " + last_error());
  observe(task_, simulation, observation);
}

void* Environment::open(void* context) {
  auto& self = *static_cast<Environment*>(context);
  self.engine_.take_handlers();
  std::unique_lock<std::mutex> lock(self.mutex_);
  for (;;) {
    for (Seat& seat : self.seats_) {
      if (seat.taken) continue;
      seat.taken = true;
      return &seat;
    }
    self.freed_.wait(lock);  // another evaluation of the same environment plays on them
  }
}

void Environment::close(void* opened) {
  Seat& seat = *static_cast<Seat*>(opened);
  Environment& self = *seat.environment;
  {
    const std::lock_guard<std::mutex> lock(self.mutex_);
    seat.taken = false;
  }
  self.freed_.notify_one();
}

// An observation that is not a number tells the loop that the simulation diverged.
void Environment::write(Seat& seat, bool good, float* observations) const {
  observe(task_, seat.simulation, seat.observation.data());
  for (std::size_t i = 0; i < seat.observation.size(); ++i)
    observations[i] = static_cast<float>(seat.observation[i]);
  if (!good || seat.simulation.diverged()) observations[0] = std::numeric_limits<float>::quiet_NaN();
}

void Environment::reset_one(void* opened, std::int32_t, void*, const std::uint64_t* seeds,
                            float* observations) {
  Seat& seat = *static_cast<Seat*>(opened);
  const Environment& self = *seat.environment;
  self.draw(seeds[0], seat.qpos.data(), seat.qvel.data());
  const bool good = self.engine_.reset(seat.simulation, seat.qpos.data(), static_cast<int>(seat.qpos.size()),
                                       seat.qvel.data(), static_cast<int>(seat.qvel.size()));
  self.write(seat, good, observations);
}

void Environment::step_one(void* opened, std::int32_t, void*, const float* actions, float* observations,
                           float* rewards, std::uint8_t* flags) {
  Seat& seat = *static_cast<Seat*>(opened);
  const Environment& self = *seat.environment;
  StepReport report;
  const bool good = mujoco::step(self.task_, self.engine_, seat.simulation, actions, &report);
  *rewards = static_cast<float>(report.reward);
  *flags = report.terminated ? EMBER_TERMINATED : 0;
  self.write(seat, good, observations);
}

}  // namespace ember::mujoco
