#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "envs/mujoco/environment.h"

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
  return {pointer<Call>(at(entry, "mj_step")),           pointer<Call>(at(entry, "mj_forward")),
          pointer<Call>(at(entry, "mj_resetData")),      pointer<Call>(at(entry, "mj_rnePostConstraint")),
          pointer<Handler>(at(entry, "mju_user_error")), pointer<Handler>(at(entry, "mju_user_warning"))};
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

std::unique_ptr<Environment> make(const std::string& name, int max_steps, const py::dict& library,
                                  const py::dict& task, const std::vector<py::dict>& simulations,
                                  const std::vector<float>& low, const std::vector<float>& high) {
  std::vector<mujoco::Simulation> all;
  for (const py::dict& simulation : simulations) all.push_back(simulation_of(simulation));
  return std::make_unique<Environment>(name, max_steps, library_of(library), task_of(task), std::move(all),
                                       low, high);
}

void check_number(const Environment& env, int n) {
  if (n < 0 || n >= env.simulations()) throw py::index_error("no simulation " + std::to_string(n));
}

py::array_t<double> reset(Environment& env, int n, const Doubles& qpos, const Doubles& qvel) {
  check_number(env, n);
  if (static_cast<std::size_t>(qpos.size()) != env.task().qpos.size() ||
      static_cast<std::size_t>(qvel.size()) != env.task().qvel.size())
    throw py::value_error("qpos and qvel do not fit the model");
  py::array_t<double> observation(env.task().observations());
  env.reset(n, qpos.data(), qvel.data(), observation.mutable_data());
  return observation;
}

py::tuple draw(const Environment& env, std::uint64_t seed) {
  py::array_t<double> qpos(static_cast<py::ssize_t>(env.task().qpos.size())),
      qvel(static_cast<py::ssize_t>(env.task().qvel.size()));
  env.draw(seed, qpos.mutable_data(), qvel.mutable_data());
  return py::make_tuple(std::move(qpos), std::move(qvel));
}

py::tuple step(Environment& env, int n, const Floats& action) {
  check_number(env, n);
  if (action.size() != env.task().controls)
    throw py::value_error("action has " + std::to_string(action.size()) + " values; wanted " +
                          std::to_string(env.task().controls));
  py::array_t<double> observation(env.task().observations());
  mujoco::StepReport report;
  {
    const py::gil_scoped_release release;
    env.step(n, action.data(), observation.mutable_data(), &report);
  }
  return py::make_tuple(std::move(observation), report.reward, report.terminated, report.x_velocity,
                        report.y_velocity, report.forward, report.control, report.contact, report.survive);
}

}  // namespace

void register_mujoco(py::module_& module) {
  py::class_<Environment>(module, "MujocoEnvironment",
                          "A locomotion task on simulations whose addresses Python hands over; it does not "
                          "keep them alive.")
      .def(py::init(&make), py::arg("name"), py::arg("max_steps"), py::arg("library"), py::arg("task"),
           py::arg("simulations"), py::arg("low"), py::arg("high"))
      .def_property_readonly(
          "address", [](const Environment& env) { return reinterpret_cast<std::uintptr_t>(&env.face()); },
          "Of its ember_env.")
      .def_property_readonly("observation_size",
                             [](const Environment& env) { return env.task().observations(); })
      .def("reset", &reset, py::arg("simulation"), py::arg("qpos"), py::arg("qvel"),
           "Starts an episode there; returns its observation, float64.")
      .def("draw", &draw, py::arg("seed"), "(qpos, qvel) where the episode of that seed starts.")
      .def("step", &step, py::arg("simulation"), py::arg("action"),
           "Returns (observation, reward, terminated, x_velocity, y_velocity, reward_forward, reward_ctrl, "
           "reward_contact, reward_survive).")
      .def("diverged", [](const Environment& env, int n) {
        check_number(env, n);
        return env.diverged(n);
      });
}

}  // namespace ember::bindings
