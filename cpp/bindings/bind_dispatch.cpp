#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "core/dispatch.h"
#include "core/threads.h"

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
  module.def(
      "available_threads", &available_threads,
      "Threads that this process can keep busy: its CPU affinity, and the CPU quota of its control group "
      "rounded up (read once), at least 1.");
}

}  // namespace ember::bindings
