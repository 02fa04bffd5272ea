// One bind_*.cpp per concept, each with one register function; module.cpp calls them all.
#pragma once

#include <pybind11/pybind11.h>

namespace ember::bindings {

void register_dispatch(pybind11::module_& module);   // SIMD levels, threads

}  // namespace ember::bindings
