#include "envs/mujoco/environment.h"

#include <limits>
#include <stdexcept>
#include <utility>

namespace ember::mujoco {
namespace {

void check(bool good, const std::string& message) {
  if (!good) throw std::invalid_argument("mujoco: " + message);
}

// An observation that is not a number tells the loop that the simulation diverged.
void judge(const Seat& seat, bool good, float* observation) {
  if (!good || seat.simulation.diverged()) observation[0] = std::numeric_limits<float>::quiet_NaN();
}

void reset(void* opened, std::int32_t, void*, const std::uint64_t* seeds, float* observations) {
  const Seat& seat = *static_cast<const Seat*>(opened);
  const Environment& environment = *seat.environment;
  const bool good = environment.task().start(environment.engine(), seat.simulation, seeds[0], observations);
  judge(seat, good, observations);
}

void step(void* opened, std::int32_t, void*, const float* actions, float* observations, float* rewards,
          std::uint8_t* flags) {
  const Seat& seat = *static_cast<const Seat*>(opened);
  const Environment& environment = *seat.environment;
  const bool good =
      environment.task().step(environment.engine(), seat.simulation, actions, observations, rewards, flags);
  judge(seat, good, observations);
}

}  // namespace

Environment::Environment(std::string name, int max_steps, const Library& library, std::unique_ptr<Task> task,
                         const std::vector<Simulation>& simulations, std::vector<float> low,
                         std::vector<float> high)
    : name_(std::move(name)),
      engine_(library),
      task_(std::move(task)),
      low_(std::move(low)),
      high_(std::move(high)) {
  const int controls = task_->controls();
  check(!simulations.empty(), "no simulation");
  check(max_steps > 0 && controls > 0, "max_steps and the number of controls must be positive");
  const auto fits = [&](const std::vector<float>& bound) {
    return bound.empty() || bound.size() == static_cast<std::size_t>(controls);
  };
  check(fits(low_) && fits(high_), "bounds of the actions do not fit");
  for (const Simulation& simulation : simulations) {
    seats_.push_back({this, simulation, nullptr});
    seats_.back().simulation.number = static_cast<int>(seats_.size()) - 1;
  }
  face_.abi_version = EMBER_ENV_ABI;
  face_.struct_size = sizeof face_;
  face_.name = name_.c_str();
  face_.observation_size = static_cast<std::uint32_t>(task_->observations());
  face_.action_size = static_cast<std::uint32_t>(controls);
  face_.max_steps = static_cast<std::uint32_t>(max_steps);
  face_.action_low = low_.empty() ? nullptr : low_.data();
  face_.action_high = high_.empty() ? nullptr : high_.data();
  face_.context = this;
  face_.reset = reset;
  face_.step = step;
  face_.open = open;
  face_.close = close;
  face_.one_at_a_time = 1;
}

void* Environment::open(void* context) {
  auto& self = *static_cast<Environment*>(context);
  self.engine_.take_handlers();
  std::unique_lock<std::mutex> lock(self.mutex_);
  for (;;) {
    for (Seat& seat : self.seats_) {
      if (seat.untimed) continue;
      seat.untimed = std::make_unique<Untimed>(self.engine_.library());
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
    seat.untimed.reset();
  }
  self.freed_.notify_one();
}

}  // namespace ember::mujoco
