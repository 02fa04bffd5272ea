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

Float32Array apply_binary(const std::string& name, const Float32Array& a, const Float32Array& b,
                          const std::optional<std::string>& level) {
  if (a.size() != b.size()) throw std::invalid_argument("a, b: wanted equal sizes");
  for (int i = 0; i < math_binary_functions; ++i) {
    if (name != math_binary_names[i]) continue;
    Float32Array y = empty_like(a);
    table_of(level).binary[i](a.data(), b.data(), a.size(), y.mutable_data());
    return y;
  }
  throw std::invalid_argument("name: got '" + name + "', wanted min, max, copysign or smaller_sum");
}

Float32Array fused(const Float32Array& a, const Float32Array& b, const Float32Array& c,
                   const std::optional<std::string>& level) {
  if (a.size() != b.size() || a.size() != c.size())
    throw std::invalid_argument("a, b, c: wanted equal sizes");
  Float32Array y = empty_like(a);
  table_of(level).fma(a.data(), b.data(), c.data(), a.size(), y.mutable_data());
  return y;
}

}  // namespace

void register_math(py::module_& module) {
  module.def("math_apply", &apply, py::arg("name"), py::arg("x"), py::arg("level") = py::none(),
             "A function of cpp/core/math.h on every element of a float32 array.");
  module.def("math_binary", &apply_binary, py::arg("name"), py::arg("a"), py::arg("b"),
             py::arg("level") = py::none(),
             "min, max, copysign of cpp/core/simd.h, element by element, float32.");
  module.def("math_fma", &fused, py::arg("a"), py::arg("b"), py::arg("c"), py::arg("level") = py::none(),
             "a * b + c with one rounding, element by element, float32.");
  py::list names;
  for (const char* name : math_names) names.append(name);
  module.attr("math_names") = py::tuple(names);
}

}  // namespace ember::bindings
