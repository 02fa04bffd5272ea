#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "gym/vector_env.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

void seed(VectorEnv& env, int i, const std::vector<std::uint32_t>& entropy) {
  if (i < 0 || i >= env.count()) throw py::index_error("seed: no environment " + std::to_string(i));
  if (entropy.empty()) throw py::value_error("seed: no entropy");
  env.seed(i, entropy);
}

py::array_t<float> reset(VectorEnv& env, const py::object& mask, const py::object& low,
                         const py::object& high) {
  VectorEnv::Bounds bounds = env.bounds();
  if (!low.is_none()) bounds.low = low.cast<double>();
  if (!high.is_none()) bounds.high = high.cast<double>();
  Array<bool> chosen;
  if (!mask.is_none()) {
    chosen = mask.cast<Array<bool>>();
    if (chosen.size() != env.count()) throw py::value_error("mask: wanted one value for each environment");
  }
  py::array_t<float> observations({env.count(), env.observations()});
  env.reset(mask.is_none() ? nullptr : chosen.data(), low.is_none() && high.is_none() ? nullptr : &bounds,
            observations.mutable_data());
  return observations;
}

void check_actions(const VectorEnv& env, const py::array& actions) {
  const char kind = actions.dtype().kind();
  const bool whole = kind == 'i' || kind == 'u', discrete = env.choices() > 0;
  if (!whole && (discrete || kind != 'f'))
    throw py::value_error("actions have dtype " + py::str(actions.dtype()).cast<std::string>() + "; wanted " +
                          (discrete ? "whole numbers" : "float32"));
  const bool shaped = actions.ndim() == (discrete ? 1 : 2) && actions.shape(0) == env.count() &&
                      (discrete || actions.shape(1) == 1);
  if (!shaped)
    throw py::value_error("actions have shape " + py::str(actions.attr("shape")).cast<std::string>() +
                          "; wanted (" + std::to_string(env.count()) + (discrete ? ",)" : ", 1)"));
}

py::tuple step(VectorEnv& env, const py::array& actions) {
  check_actions(env, actions);
  const int n = env.count();
  py::array_t<float> observations({n, env.observations()});
  py::array_t<double> rewards(n);
  py::array_t<bool> terminated(n), truncated(n);
  py::object last = py::none();
  VectorStep out{observations.mutable_data(), rewards.mutable_data(), terminated.mutable_data(),
                 truncated.mutable_data(), nullptr};
  if (env.same_step()) {
    py::array_t<float> final_observations({n, env.observations()});
    out.final_observations = final_observations.mutable_data();
    last = std::move(final_observations);
  }
  if (env.choices() > 0) {
    env.step(Array<std::int64_t>(actions).data(), out);
  } else {
    env.step(Array<float>(actions).data(), out);
  }
  return py::make_tuple(std::move(observations), std::move(rewards), std::move(terminated),
                        std::move(truncated), std::move(last));
}

py::array_t<double> get_state(const VectorEnv& env) {
  py::array_t<double> copy({env.count(), env.states()});
  env.get_state(copy.mutable_data());
  return copy;
}

void set_state(VectorEnv& env, const Array<double>& value) {
  if (value.ndim() != 2 || value.shape(0) != env.count() || value.shape(1) != env.states())
    throw py::value_error("state: wanted (" + std::to_string(env.count()) + ", " +
                          std::to_string(env.states()) + ")");
  env.set_state(value.data());
}

Autoreset autoreset_named(const std::string& name) {
  if (name == "next_step") return Autoreset::next_step;
  if (name == "same_step") return Autoreset::same_step;
  if (name == "disabled") return Autoreset::disabled;
  throw py::value_error("autoreset: got '" + name + "', wanted next_step, same_step or disabled");
}

}  // namespace

void register_envs(py::module_& module) {
  py::class_<VectorEnv>(module, "VectorEnv", "Copies of a built-in environment in float64, stepped together.")
      .def(py::init([](const std::string& name, std::int64_t num_envs, std::int64_t max_steps,
                       const std::string& autoreset, const std::map<std::string, double>& parameters,
                       bool sutton_barto_reward) {
             return VectorEnv(name, num_envs, max_steps, autoreset_named(autoreset),
                              {parameters.begin(), parameters.end()}, sutton_barto_reward);
           }),
           py::arg("name"), py::arg("num_envs"), py::arg("max_steps"), py::arg("autoreset"),
           py::arg("parameters") = std::map<std::string, double>(), py::arg("sutton_barto_reward") = false)
      .def("seed", &seed, py::arg("index"), py::arg("entropy"),
           "Starts one environment's random stream; entropy: the seed's 32-bit words, lowest first.")
      .def("reset", &reset, py::arg("mask") = py::none(), py::arg("low") = py::none(),
           py::arg("high") = py::none(), "Starts episodes; returns observations (n, D).")
      .def("step", &step, py::arg("actions"),
           "Returns observations, rewards, terminated, truncated, and the final observations (same_step) or "
           "None.")
      .def_property_readonly(
          "reset_bounds",
          [](const VectorEnv& self) { return py::make_tuple(self.bounds().low, self.bounds().high); },
          "The environment's own bounds of its starts.")
      .def_property_readonly("elapsed", &VectorEnv::elapsed, "Steps of each running episode.")
      .def_property("state", &get_state, &set_state, "float64 (n, state_size), a copy.");
}

}  // namespace ember::bindings
