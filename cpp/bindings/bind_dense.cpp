// Dense layers and activations for Python. Called for every layer of every forward, so without pybind11's
// argument handling (which alone would take the time of the layer): plain vectorcall functions.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "policy/dense_table.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using Api = py::detail::npy_api;

const Api* api = nullptr;
PyObject* float32 = nullptr;  // numpy's own descriptor object

// Arrays that were pickled have a descriptor of their own, equal to numpy's.
bool is_float32(PyObject* descr) {
  const auto* given = py::detail::array_descriptor_proxy(descr);
  return descr == float32 || (given->type_num == Api::NPY_FLOAT_ && given->byteorder == '=');
}

// The array behind `object` if the kernels can read it as it lies: float32, row-major, no subclass.
const py::detail::PyArray_Proxy* plain(PyObject* object) {
  if (Py_TYPE(object) != api->PyArray_Type_) return nullptr;
  const auto* array = py::detail::array_proxy(object);
  constexpr int wanted = Api::NPY_ARRAY_C_CONTIGUOUS_ | Api::NPY_ARRAY_ALIGNED_;
  return is_float32(array->descr) && (array->flags & wanted) == wanted ? array : nullptr;
}

PyObject* empty(int axes, const Py_intptr_t* shape) {
  Py_INCREF(float32);  // PyArray_NewFromDescr takes the reference
  return api->PyArray_NewFromDescr_(api->PyArray_Type_, float32, axes, shape, nullptr, nullptr, 0, nullptr);
}

bool read_activation(PyObject* code, Activation* activation) {
  const long value = PyLong_AsLong(code);
  if (value == -1 && PyErr_Occurred()) return false;
  if (value < 0 || value >= activations) {
    PyErr_Format(PyExc_ValueError, "activation: no activation has the number %ld", value);
    return false;
  }
  *activation = static_cast<Activation>(value);
  return true;
}

const float* values(const py::detail::PyArray_Proxy* array) {
  return reinterpret_cast<const float*>(array->data);
}

PyObject* dense(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 4) {
    PyErr_SetString(PyExc_TypeError, "dense takes x, weight, bias, activation");
    return nullptr;
  }
  const auto* x = plain(arguments[0]);
  const auto* weight = plain(arguments[1]);
  const auto* bias = arguments[2] == Py_None ? nullptr : plain(arguments[2]);
  constexpr int most_axes = 8;
  if (!x || !weight || (!bias && arguments[2] != Py_None) || x->nd < 1 || x->nd > most_axes ||
      weight->nd != 2 || x->dimensions[x->nd - 1] != weight->dimensions[0] ||
      (bias && (bias->nd != 1 || bias->dimensions[0] != weight->dimensions[1])) ||
      weight->dimensions[0] > INT_MAX || weight->dimensions[1] > INT_MAX)
    Py_RETURN_NOTIMPLEMENTED;
  Activation activation;
  if (!read_activation(arguments[3], &activation)) return nullptr;
  Py_intptr_t shape[most_axes];
  std::ptrdiff_t rows = 1;
  for (int i = 0; i + 1 < x->nd; ++i) rows *= shape[i] = x->dimensions[i];
  shape[x->nd - 1] = weight->dimensions[1];
  PyObject* result = empty(x->nd, shape);
  if (!result) return nullptr;
  auto* y = reinterpret_cast<float*>(py::detail::array_proxy(result)->data);
  const auto run = [&] {
    kernels<DenseKernels>().dense(values(x), rows, static_cast<int>(weight->dimensions[0]),
                                  static_cast<int>(weight->dimensions[1]), values(weight),
                                  bias ? values(bias) : nullptr, activation, y);
  };
  // Letting other threads run is worth it from some tens of microseconds on.
  if (static_cast<double>(rows) * weight->dimensions[0] * weight->dimensions[1] < 1e6) {
    run();
  } else {
    py::gil_scoped_release release;
    run();
  }
  return result;
}

PyObject* activate(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "activate takes activation, x");
    return nullptr;
  }
  Activation activation;
  if (!read_activation(arguments[0], &activation)) return nullptr;
  const auto* x = plain(arguments[1]);
  if (!x) Py_RETURN_NOTIMPLEMENTED;
  PyObject* result = empty(x->nd, x->dimensions);
  if (!result) return nullptr;
  std::ptrdiff_t size = 1;
  for (int i = 0; i < x->nd; ++i) size *= x->dimensions[i];
  kernels<DenseKernels>().activate(activation, values(x), size,
                                   reinterpret_cast<float*>(py::detail::array_proxy(result)->data));
  return result;
}

PyMethodDef methods[] = {
    {"dense", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(dense)), METH_FASTCALL,
     "dense(x, weight, bias, activation, /)\n--\n\n"
     "activation(x @ weight + bias) for float32 x (..., inputs), weight (inputs, outputs), bias (outputs,) "
     "or None,\n"
     "all row-major; `activation` is a number of cpp/policy/policy.h. NotImplemented for any other kind of "
     "operand."},
    {"activate", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(activate)), METH_FASTCALL,
     "activate(activation, x, /)\n--\n\n"
     "activation(x), element by element, for a row-major float32 x; NotImplemented for any other kind."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void register_dense(py::module_& module) {
  api = &Api::get();
  float32 = py::dtype::of<float>().release().ptr();
  if (PyModule_AddFunctions(module.ptr(), methods) != 0) throw py::error_already_set();
  module.def(
      "activation_names",
      [] { return std::vector<std::string>(activation_names, activation_names + activations); },
      "The activations in the order of their numbers.");
}

}  // namespace ember::bindings
