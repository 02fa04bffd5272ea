// One bind_*.cpp per concept, each with one register function; module.cpp calls them all. Several of them are compiled
// as one source (CMakeLists.txt: unity), so names in their unnamed namespaces differ.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace ember::bindings {

using Float32Array = pybind11::array_t<float, pybind11::array::c_style>;  // other number types are refused

void register_dispatch(pybind11::module_& module);      // SIMD levels, threads
void register_noise(pybind11::module_& module);         // keyed noise, uniforms, seeds
void register_perturbation(pybind11::module_& module);  // low-rank noise, members and sums

void register_low_rank(pybind11::module_& module);  // forward passes by low rank
void register_dense(pybind11::module_& module);     // dense layers, activations
void register_guard(pybind11::module_& module);     // fast path of ember_ml.ops
void register_strategy(pybind11::module_& module);  // shaping, strategies
void register_run(pybind11::module_& module);       // many generations in one call
void register_bench(pybind11::module_& module);     // native benchmarks
void register_evaluate(pybind11::module_& module);  // policies, environments, populations
void register_math(pybind11::module_& module);      // functions of math.h over arrays
void register_forward(pybind11::module_& module);   // forward passes of several members
void register_envs(pybind11::module_& module);      // gymnasium vector envs in float64
void register_testing(pybind11::module_& module);   // what only tests call
void register_mujoco(pybind11::module_& module);    // locomotion tasks on the installed MuJoCo

}  // namespace ember::bindings
