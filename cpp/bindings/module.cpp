#include "bindings/bindings.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "Native core of Ember ML.";
  module.attr("__version__") = EMBER_VERSION;
  ember::bindings::register_dispatch(module);
  ember::bindings::register_noise(module);
  ember::bindings::register_perturbation(module);
  ember::bindings::register_dense(module);
  ember::bindings::register_guard(module);
  ember::bindings::register_strategy(module);
  ember::bindings::register_bench(module);
  ember::bindings::register_evaluate(module);
  ember::bindings::register_low_rank(module);
  ember::bindings::register_run(module);
  ember::bindings::register_math(module);
  ember::bindings::register_forward(module);
  ember::bindings::register_envs(module);
  ember::bindings::register_mujoco(module);
  ember::bindings::register_testing(module);
}
