#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "bindings/bindings.h"
#include "core/dispatch.h"
#include "core/math_table.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

const MathKernels& table_of(const std::optional<std::string>& level) {
  return kernels<MathKernels>(level ? level_from_name(*level) : simd_level());
}

Float32Array empty_like(const Float32Array& x) {
  return Float32Array(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
}

Float32Array apply(const std::string& name, const Float32Array& x, const std::optional<std::string>& level) {
  for (int i = 0; i < math_functions; ++i) {
    if (name != math_names[i]) continue;
    const auto function = table_of(level).apply[i];
    Float32Array y = empty_like(x);
    const float* from = x.data();
    float* to = y.mutable_data();
    const py::ssize_t count = x.size();
    py::gil_scoped_release release;
    function(from, count, to);
    return y;
  }
  std::string known;
  for (const char* other : math_names) known += (known.empty() ? "" : ", ") + std::string(other);
  throw std::invalid_argument("name: got '" + name + "', wanted one of " + known);
}

}  // namespace

void register_math(py::module_& module) {
  module.def("math_apply", &apply, py::arg("name"), py::arg("x"), py::arg("level") = py::none(),
             "A function of cpp/core/math.h on every element of a float32 array.");
}

}  // namespace ember::bindings
