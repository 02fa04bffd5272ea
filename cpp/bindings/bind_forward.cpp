#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "bindings/bindings.h"
#include "policy/forward.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;
using Memory = py::array_t<float, py::array::c_style>;

py::array_t<float> forward(const Policy& policy, const Array<float>& rows, const Array<std::int64_t>& members,
                           const Array<float>& x, const std::optional<Memory>& memory) {
  if (rows.ndim() != 2 || rows.shape(1) != policy.parameters)
    throw py::value_error("rows: wanted (members, " + std::to_string(policy.parameters) + ")");
  const py::ssize_t count = members.size();
  if (members.ndim() != 1 || x.ndim() != 2 || x.shape(0) != count || x.shape(1) != policy.inputs)
    throw py::value_error("x: wanted (len(members), " + std::to_string(policy.inputs) + ")");
  for (py::ssize_t i = 0; i < count; ++i)
    if (members.at(i) < 0 || members.at(i) >= rows.shape(0)) throw py::index_error("members: no such row");
  const auto remembered = static_cast<py::ssize_t>(policy.memory());
  float* state = nullptr;
  if (remembered > 0) {
    if (!memory || memory->ndim() != 2 || memory->shape(0) != count || memory->shape(1) != remembered)
      throw py::value_error("memory: wanted (len(members), " + std::to_string(remembered) + ")");
    state = const_cast<float*>(memory->data());
    if (!memory->writeable()) throw py::value_error("memory: it cannot be written to");
  }
  py::array_t<float> y({count, static_cast<py::ssize_t>(policy.outputs)});
  float* to = y.mutable_data();
  {
    py::gil_scoped_release release;
    forward_members(policy, rows.data(), members.data(), count, x.data(), state, to);
  }
  return y;
}

}  // namespace

void register_forward(py::module_& module) {
  module.def("forward_members", &forward, py::arg("policy"), py::arg("rows"), py::arg("members"),
             py::arg("x"), py::arg("memory").noconvert() = py::none(),
             "float32 (n, outputs): row members[i] of rows (m, parameters) on x[i], x (n, inputs). memory "
             "(n, policy.memory) is written to; weights of cells lie as cpp/policy/forward.h says.");
}

}  // namespace ember::bindings
