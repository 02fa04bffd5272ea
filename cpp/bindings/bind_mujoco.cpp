#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "envs/mujoco/batch.h"
#include "envs/mujoco/locomotion.h"
#include "envs/mujoco/robot.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using mujoco::Environment;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

template <class T>
T pointer(std::uintptr_t address) {
  return reinterpret_cast<T>(address);  // NOLINT: addresses are what Python can hand over
}

std::uintptr_t at(const py::dict& from, const char* name) { return from[name].cast<std::uintptr_t>(); }

mujoco::Library library_of(const py::dict& entry) {
  using Call = void (*)(const void*, void*);
  using Handler = void (**)(const char*);
  using Clock = double (**)();
  return {pointer<Call>(at(entry, "mj_step")),           pointer<Call>(at(entry, "mj_forward")),
          pointer<Call>(at(entry, "mj_resetData")),      pointer<Call>(at(entry, "mj_rnePostConstraint")),
          pointer<Handler>(at(entry, "mju_user_error")), pointer<Handler>(at(entry, "mju_user_warning")),
          pointer<Clock>(at(entry, "mjcb_time"))};
}

const char* const field_names[mujoco::fields] = {"qpos",   "qvel", "ctrl",          "xpos",    "xipos",
                                                 "cinert", "cvel", "qfrc_actuator", "cfrc_ext"};

mujoco::Field field_named(const std::string& name) {
  for (int i = 0; i < mujoco::fields; ++i) {
    if (name == field_names[i]) return static_cast<mujoco::Field>(i);
  }
  throw py::value_error("field: mjData's '" + name + "' is not one of those that tasks read");
}

mujoco::Simulation simulation_of(const py::dict& from) {
  mujoco::Simulation simulation;
  simulation.model = pointer<const void*>(at(from, "model"));
  simulation.data = pointer<void*>(at(from, "data"));
  for (int i = 0; i < mujoco::fields; ++i) simulation.field[i] = pointer<double*>(at(from, field_names[i]));
  const auto warnings = from["warnings"].cast<std::vector<std::uintptr_t>>();
  if (warnings.size() != 3) throw py::value_error("warnings: wanted three addresses");
  for (std::size_t i = 0; i < 3; ++i) simulation.warnings[i] = pointer<const std::int32_t*>(warnings[i]);
  return simulation;
}

mujoco::Range range_of(const py::handle& pair) {
  const auto both = pair.cast<std::pair<double, double>>();
  return {both.first, both.second};
}

mujoco::Locomotion task_of(const py::dict& from) {
  using mujoco::Locomotion;
  Locomotion task;
  task.frame_skip = from["frame_skip"].cast<int>();
  task.dt = from["dt"].cast<double>();
  task.qpos = from["qpos"].cast<std::vector<double>>();
  task.qvel = from["qvel"].cast<std::vector<double>>();
  task.reset_noise = from["reset_noise"].cast<double>();
  task.normal_velocities = from["normal_velocities"].cast<bool>();
  task.controls = from["controls"].cast<int>();
  for (const py::handle& part : from["observed"]) {
    const auto p = part.cast<std::tuple<std::string, int, int, bool, double, double>>();
    task.observed.push_back({field_named(std::get<0>(p)), std::get<1>(p), std::get<2>(p), std::get<3>(p),
                             std::get<4>(p), std::get<5>(p)});
  }
  const auto mover = from["mover"].cast<std::string>();
  task.mover = mover == "body"   ? Locomotion::Mover::body
               : mover == "mass" ? Locomotion::Mover::mass
                                 : Locomotion::Mover::joint;
  task.body = from["body"].cast<int>();
  task.masses = from["masses"].cast<std::vector<double>>();
  task.total_mass = from["total_mass"].cast<double>();
  task.forward_weight = from["forward_weight"].cast<double>();
  task.control_weight = from["control_weight"].cast<double>();
  task.control_in_double = from["control_in_double"].cast<bool>();
  const auto contact = from["contact"].cast<std::string>();
  task.contact = contact == "forces" ? Locomotion::Contact::clip_forces
                 : contact == "cost" ? Locomotion::Contact::clip_cost
                                     : Locomotion::Contact::none;
  task.contact_weight = from["contact_weight"].cast<double>();
  task.contact_range = range_of(from["contact_range"]);
  task.forces = from["forces"].cast<int>();
  task.survives = from["survives"].cast<bool>();
  task.healthy_reward = from["healthy_reward"].cast<double>();
  task.terminates = from["terminates"].cast<bool>();
  task.height = from["height"].cast<int>();
  task.healthy_height = range_of(from["healthy_height"]);
  task.inclusive = from["inclusive"].cast<bool>();
  task.has_angle = !from["healthy_angle"].is_none();
  if (task.has_angle) task.healthy_angle = range_of(from["healthy_angle"]);
  task.has_state = !from["healthy_state"].is_none();
  if (task.has_state) task.healthy_state = range_of(from["healthy_state"]);
  return task;
}

std::vector<mujoco::Simulation> simulations_of(const std::vector<py::dict>& from) {
  std::vector<mujoco::Simulation> all;
  for (const py::dict& simulation : from) all.push_back(simulation_of(simulation));
  return all;
}

std::unique_ptr<Environment> make_locomotion(const std::string& name, int max_steps, const py::dict& library,
                                             const py::dict& task, const std::vector<py::dict>& simulations,
                                             const std::vector<float>& low, const std::vector<float>& high) {
  return std::make_unique<Environment>(name, max_steps, library_of(library),
                                       std::make_unique<mujoco::LocomotionTask>(task_of(task)),
                                       simulations_of(simulations), low, high);
}

mujoco::RobotArrays arrays_of(const py::dict& from) {
  mujoco::RobotArrays own;
  for (const std::uintptr_t address : from["arrays"].cast<std::vector<std::uintptr_t>>())
    own.arrays.push_back(pointer<void*>(address));
  for (const py::handle& field : from["fields"]) {
    const auto [address, size] = field.cast<std::pair<std::uintptr_t, std::size_t>>();
    auto* const values = pointer<double*>(address);
    own.fields.push_back({values, std::vector<double>(values, values + size)});
  }
  return own;
}

std::unique_ptr<Environment> make_robot(const std::string& name, int max_steps, const py::dict& library,
                                        const py::dict& from, const std::vector<py::dict>& simulations,
                                        const std::vector<float>& low, const std::vector<float>& high) {
  using Function = mujoco::RobotFunction;
  mujoco::Robot robot;
  robot.frame_skip = from["frame_skip"].cast<int>();
  robot.observations = from["observations"].cast<int>();
  robot.controls = from["controls"].cast<int>();
  robot.positions = from["positions"].cast<int>();
  robot.velocities = from["velocities"].cast<int>();
  robot.reset = pointer<Function>(at(from, "reset"));
  robot.control = pointer<Function>(at(from, "control"));
  robot.observe = pointer<Function>(at(from, "observe"));
  robot.finish = pointer<Function>(at(from, "finish"));
  robot.get_state = pointer<decltype(robot.get_state)>(at(library, "mj_getState"));
  robot.set_state = pointer<decltype(robot.set_state)>(at(library, "mj_setState"));
  robot.set_constants = pointer<decltype(robot.set_constants)>(at(library, "mj_setConst"));
  robot.time_signature = from["time_signature"].cast<int>();
  robot.whole_signature = from["whole_signature"].cast<int>();
  robot.whole_size = from["whole_size"].cast<int>();
  std::vector<mujoco::RobotArrays> arrays;
  for (const py::dict& simulation : simulations) arrays.push_back(arrays_of(simulation));
  return std::make_unique<Environment>(name, max_steps, library_of(library),
                                       std::make_unique<mujoco::RobotTask>(robot, std::move(arrays)),
                                       simulations_of(simulations), low, high);
}

// The task of an environment that MujocoLocomotion made, and one of its simulations.
const mujoco::LocomotionTask& locomotion_of(const Environment& env) {
  const auto* task = dynamic_cast<const mujoco::LocomotionTask*>(&env.task());
  if (!task) throw py::type_error("this environment is not one of gymnasium's tasks");
  return *task;
}

const mujoco::Simulation& simulation_of(const Environment& env, int n) {
  if (n < 0 || n >= env.simulations()) throw py::index_error("no simulation " + std::to_string(n));
  return env.simulation(n);
}

void check_error(bool good) {
  if (!good) throw std::runtime_error("MuJoCo: " + mujoco::last_error());
}

py::array_t<double> observation_of(const Environment& env, const mujoco::Simulation& simulation) {
  py::array_t<double> observation(env.task().observations());
  mujoco::observe(locomotion_of(env).locomotion(), simulation, observation.mutable_data());
  return observation;
}

py::array_t<double> start_at(const Environment& env, int n, const Doubles& qpos, const Doubles& qvel) {
  const mujoco::Locomotion& task = locomotion_of(env).locomotion();
  const mujoco::Simulation& simulation = simulation_of(env, n);
  if (static_cast<std::size_t>(qpos.size()) != task.qpos.size() ||
      static_cast<std::size_t>(qvel.size()) != task.qvel.size())
    throw py::value_error("qpos and qvel do not fit the model");
  check_error(env.engine().reset(simulation, qpos.data(), static_cast<int>(qpos.size()), qvel.data(),
                                 static_cast<int>(qvel.size())));
  return observation_of(env, simulation);
}

py::tuple draw(const Environment& env, std::uint64_t seed) {
  const mujoco::LocomotionTask& task = locomotion_of(env);
  py::array_t<double> qpos(static_cast<py::ssize_t>(task.locomotion().qpos.size())),
      qvel(static_cast<py::ssize_t>(task.locomotion().qvel.size()));
  task.draw(seed, qpos.mutable_data(), qvel.mutable_data());
  return py::make_tuple(std::move(qpos), std::move(qvel));
}

py::tuple play(const Environment& env, int n, const Floats& action) {
  const mujoco::Locomotion& task = locomotion_of(env).locomotion();
  const mujoco::Simulation& simulation = simulation_of(env, n);
  if (action.size() != task.controls)
    throw py::value_error("action has " + std::to_string(action.size()) + " values; wanted " +
                          std::to_string(task.controls));
  mujoco::StepReport report;
  bool good = false;
  {
    const float* values = action.data();
    const py::gil_scoped_release release;
    good = mujoco::step(task, env.engine(), simulation, values, &report);
  }
  check_error(good);
  return py::make_tuple(observation_of(env, simulation), report.reward, report.terminated, report.x_velocity,
                        report.y_velocity, report.forward, report.control, report.contact, report.survive);
}

py::tuple step_many(const Environment& env, const std::vector<int>& which, const Floats& actions,
                    int threads) {
  const mujoco::LocomotionTask& task = locomotion_of(env);
  const auto count = static_cast<py::ssize_t>(env.simulations());
  for (const int n : which) simulation_of(env, n);
  if (actions.ndim() != 2 || actions.shape(0) != count || actions.shape(1) != task.controls())
    throw py::value_error("actions: wanted (" + std::to_string(count) + ", " +
                          std::to_string(task.controls()) + ") values");
  py::array_t<double> observations({count, static_cast<py::ssize_t>(task.observations())}),
      report({count, static_cast<py::ssize_t>(mujoco::columns)});
  py::array_t<std::uint8_t> terminated(count);
  std::fill_n(observations.mutable_data(), observations.size(), 0.0);
  std::fill_n(report.mutable_data(), report.size(), 0.0);
  std::fill_n(terminated.mutable_data(), terminated.size(), std::uint8_t{0});
  const mujoco::Rows rows{observations.mutable_data(), report.mutable_data(), terminated.mutable_data()};
  {
    const float* values = actions.data();
    const py::gil_scoped_release release;
    mujoco::step_many(env, task, which, values, threads, rows);
  }
  return py::make_tuple(std::move(observations), std::move(report), std::move(terminated));
}

}  // namespace

void register_mujoco(py::module_& module) {
  py::class_<Environment>(module, "MujocoEnvironment",
                          "A task on simulations whose addresses Python hands over; it does not keep them "
                          "alive.")
      .def_static("locomotion", &make_locomotion, py::arg("name"), py::arg("max_steps"), py::arg("library"),
                  py::arg("task"), py::arg("simulations"), py::arg("low"), py::arg("high"),
                  "One of gymnasium's tasks.")
      .def_static("robot", &make_robot, py::arg("name"), py::arg("max_steps"), py::arg("library"),
                  py::arg("robot"), py::arg("simulations"), py::arg("low"), py::arg("high"),
                  "A robot of the user's.")
      .def_property_readonly(
          "address", [](const Environment& env) { return reinterpret_cast<std::uintptr_t>(&env.face()); },
          "Of its ember_env.")
      .def_property_readonly("observation_size",
                             [](const Environment& env) { return env.task().observations(); })
      .def("reset", &start_at, py::arg("simulation"), py::arg("qpos"), py::arg("qvel"),
           "Starts an episode there; returns its observation, float64.")
      .def("draw", &draw, py::arg("seed"), "(qpos, qvel) where the episode of that seed starts.")
      .def("step", &play, py::arg("simulation"), py::arg("action"),
           "Returns (observation, reward, terminated, x_velocity, y_velocity, reward_forward, reward_ctrl, "
           "reward_contact, reward_survive).")
      .def("step_many", &step_many, py::arg("which"), py::arg("actions"), py::arg("threads"),
           "Steps the simulations numbered `which` with their rows of actions (simulations, controls). "
           "Returns (observations, report, terminated) with a row for each simulation, zeros in the others; "
           "the report's columns are reward, x_velocity, y_velocity, reward_forward, reward_ctrl, "
           "reward_contact, reward_survive, x, y.")
      .def("diverged", [](const Environment& env, int n) { return simulation_of(env, n).diverged(); });
}

}  // namespace ember::bindings
