#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string>

#include "bindings/bindings.h"
#include "envs/vector_env.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

// What Python holds: the environments and the sizes that its arrays must have.
struct PyVectorEnv {
  std::unique_ptr<VectorEnv> env;
  bool same_step;

  void seed(int i, const std::vector<std::uint32_t>& entropy) {
    if (i < 0 || i >= env->count()) throw std::out_of_range("seed: no environment " + std::to_string(i));
    if (entropy.empty()) throw std::invalid_argument("seed: no entropy");
    env->seed(i, entropy);
  }

  py::array_t<float> reset(const py::object& mask, const py::object& low, const py::object& high) {
    exact::Options options = env->defaults();
    if (!low.is_none()) options.reset_low = low.cast<double>();
    if (!high.is_none()) options.reset_high = high.cast<double>();
    Array<bool> chosen;
    if (!mask.is_none()) {
      chosen = mask.cast<Array<bool>>();
      if (chosen.size() != env->count())
        throw std::invalid_argument("reset: the mask's size is not num_envs");
    }
    py::array_t<float> observations({env->count(), env->observation_size()});
    env->reset(mask.is_none() ? nullptr : chosen.data(), options, observations.mutable_data());
    return observations;
  }

  py::tuple step(const py::array& actions) {
    const int n = env->count();
    const char kind = actions.dtype().kind();
    Array<std::int64_t> choices;
    Array<float> values;
    const std::int64_t* choice = nullptr;
    const float* value = nullptr;
    if (env->choices() > 0) {
      if (kind != 'i' && kind != 'u')
        throw std::invalid_argument("actions have dtype " + py::str(actions.dtype()).cast<std::string>() +
                                    "; wanted whole numbers");
      choices = Array<std::int64_t>(actions);
      choice = choices.data();
    } else {
      if (kind != 'f' && kind != 'i' && kind != 'u')
        throw std::invalid_argument("actions have dtype " + py::str(actions.dtype()).cast<std::string>() +
                                    "; wanted float32");
      values = Array<float>(actions);
      value = values.data();
    }
    const bool shaped = env->choices() > 0 ? actions.ndim() == 1 && actions.shape(0) == n
                                           : actions.ndim() == 2 && actions.shape(0) == n &&
                                                 actions.shape(1) == env->action_size();
    if (!shaped) {
      std::string shape = "(" + std::to_string(n) +
                          (env->choices() > 0 ? ",)" : ", " + std::to_string(env->action_size()) + ")");
      throw std::invalid_argument("actions have shape " + py::str(actions.attr("shape")).cast<std::string>() +
                                  "; wanted " + shape);
    }
    py::array_t<float> observations({n, env->observation_size()});
    py::array_t<double> rewards(n);
    py::array_t<bool> terminated(n), truncated(n);
    VectorStep out{observations.mutable_data(), rewards.mutable_data(), terminated.mutable_data(),
                   truncated.mutable_data(), nullptr};
    if (!same_step) {
      env->step(choice, value, out);
      return py::make_tuple(std::move(observations), std::move(rewards), std::move(terminated),
                            std::move(truncated), py::none());
    }
    py::array_t<float> last({n, env->observation_size()});
    out.final_observations = last.mutable_data();
    env->step(choice, value, out);
    return py::make_tuple(std::move(observations), std::move(rewards), std::move(terminated),
                          std::move(truncated), std::move(last));
  }

  py::array_t<double> state() {
    py::array_t<double> copy({env->count(), env->state_size()});
    env->get_state(copy.mutable_data());
    return copy;
  }

  void set_state(const Array<double>& value) {
    if (value.ndim() != 2 || value.shape(0) != env->count() || value.shape(1) != env->state_size())
      throw std::invalid_argument("state: wrong shape");
    env->set_state(value.data());
  }
};

}  // namespace

void register_envs(py::module_& module) {
  py::class_<PyVectorEnv>(module, "VectorEnv",
                          "Copies of a built-in environment in float64, stepped together.")
      .def(py::init([](const std::string& name, int num_envs, int max_steps, const std::string& autoreset,
                       double g, double goal_velocity, bool sutton_barto_reward) {
             exact::Options options;
             options.g = g;
             options.goal_velocity = goal_velocity;
             options.sutton_barto_reward = sutton_barto_reward;
             const Autoreset mode = autoreset == "next_step"   ? Autoreset::next_step
                                    : autoreset == "same_step" ? Autoreset::same_step
                                                               : Autoreset::disabled;
             return PyVectorEnv{make_vector_env(name, num_envs, max_steps, mode, options),
                                mode == Autoreset::same_step};
           }),
           py::arg("name"), py::arg("num_envs"), py::arg("max_steps"), py::arg("autoreset"),
           py::arg("g") = 10.0, py::arg("goal_velocity") = 0.0, py::arg("sutton_barto_reward") = false)
      .def("seed", &PyVectorEnv::seed, py::arg("index"), py::arg("entropy"),
           "Starts one environment's random stream; entropy: the seed's 32-bit words, lowest first.")
      .def("reset", &PyVectorEnv::reset, py::arg("mask") = py::none(), py::arg("low") = py::none(),
           py::arg("high") = py::none(), "Starts episodes; returns observations (n, D).")
      .def("step", &PyVectorEnv::step, py::arg("actions"),
           "Returns observations, rewards, terminated, truncated, and the final observations (same_step) or "
           "None.")
      .def_property_readonly(
          "reset_bounds",
          [](const PyVectorEnv& self) {
            const exact::Options options = self.env->defaults();
            return py::make_tuple(options.reset_low, options.reset_high);
          },
          "The environment's own bounds of its starts.")
      .def_property_readonly(
          "elapsed", [](const PyVectorEnv& self) { return self.env->elapsed(); },
          "Steps of each running episode.")
      .def_property("state", &PyVectorEnv::state, &PyVectorEnv::set_state,
                    "float64 (n, state_size), a copy.");
}

}  // namespace ember::bindings
