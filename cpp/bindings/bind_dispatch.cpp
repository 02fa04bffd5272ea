#include <pybind11/stl.h>

#include <thread>

#include "bindings/bindings.h"
#include "core/dispatch.h"

namespace ember::bindings {

void register_dispatch(pybind11::module_& module) {
  module.def(
      "simd_level", [] { return std::string(simd_name(simd_level())); },
      "Name of the SIMD level in use: base, avx2 or neon.");
  module.def(
      "simd_levels",
      [] {
        std::vector<std::string> names;
        for (SimdLevel level : available_levels()) names.emplace_back(simd_name(level));
        return names;
      },
      "Names of the SIMD levels this build has and this CPU can run, lowest first.");
}

}  // namespace ember::bindings
