// Guard: a callable that goes straight to an array library's own function when all operands are the library's
// own arrays of one float dtype, and to a Python function that converts otherwise. In C so that ops.add costs
// hardly more than numpy.add.
#include <pybind11/numpy.h>
#include <structmember.h>

#include <cstddef>

#include "bindings/bindings.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

struct Guard {
  PyObject_HEAD vectorcallfunc call;
  PyObject* fast;
  PyObject* slow;
  PyTypeObject* array;   // operands must be exactly of this type
  PyTypeObject* scalar;  // or of this one (numpy.float32), or null
  PyObject* dtype;       // with this dtype (numpy's own arrays only), or null
  Py_ssize_t arguments;
  Py_ssize_t first_float;  // from this operand on a Python float will do as well
};

bool is_plain(const Guard* self, PyObject* operand) {
  PyTypeObject* type = Py_TYPE(operand);
  if (type != self->array) return type == self->scalar;
  if (!self->dtype) return true;
  return py::detail::array_proxy(operand)->descr == self->dtype;
}

PyObject* guard_call(PyObject* callable, PyObject* const* arguments, size_t flags, PyObject* keywords) {
  const auto* self = reinterpret_cast<Guard*>(callable);
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  if (!keywords && count == self->arguments) {
    bool arrays = false, plain = true;
    for (Py_ssize_t i = 0; i < count && plain; ++i) {
      if (is_plain(self, arguments[i]))
        arrays = true;
      else
        plain = i >= self->first_float && PyFloat_CheckExact(arguments[i]);
    }
    if (plain && arrays) return PyObject_Vectorcall(self->fast, arguments, flags, nullptr);
  }
  return PyObject_Vectorcall(self->slow, arguments, flags, keywords);
}

PyObject* guard_new(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  static const char* names[] = {"fast",      "slow",   "array",       "dtype",
                                "arguments", "scalar", "first_float", nullptr};
  PyObject *fast, *slow, *array, *dtype, *scalar = Py_None;
  Py_ssize_t operands, first_float = PY_SSIZE_T_MAX;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OOO!On|On:Guard", const_cast<char**>(names), &fast,
                                   &slow, &PyType_Type, &array, &dtype, &operands, &scalar, &first_float))
    return nullptr;
  auto* self = reinterpret_cast<Guard*>(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  self->call = guard_call;
  Py_INCREF(self->fast = fast);
  Py_INCREF(self->slow = slow);
  Py_INCREF(array);
  self->array = reinterpret_cast<PyTypeObject*>(array);
  self->dtype = dtype == Py_None ? nullptr : dtype;
  Py_XINCREF(self->dtype);
  self->scalar = scalar == Py_None ? nullptr : reinterpret_cast<PyTypeObject*>(scalar);
  Py_XINCREF(scalar == Py_None ? nullptr : scalar);
  self->arguments = operands;
  self->first_float = first_float;
  return reinterpret_cast<PyObject*>(self);
}

void guard_dealloc(PyObject* object) {
  auto* self = reinterpret_cast<Guard*>(object);
  PyTypeObject* type = Py_TYPE(object);
  Py_XDECREF(self->fast);
  Py_XDECREF(self->slow);
  Py_XDECREF(reinterpret_cast<PyObject*>(self->array));
  Py_XDECREF(reinterpret_cast<PyObject*>(self->scalar));
  Py_XDECREF(self->dtype);
  type->tp_free(object);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Guard, call), READONLY, nullptr},
    {"fast", T_OBJECT, offsetof(Guard, fast), READONLY, "the array library's own function"},
    {"slow", T_OBJECT, offsetof(Guard, slow), READONLY, "the function that converts"},
    {nullptr, 0, 0, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(guard_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(guard_dealloc)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_members, members},
    {Py_tp_doc,
     const_cast<char*>(
         "Guard(fast, slow, array, dtype, arguments, scalar=None, "
         "first_float=sys.maxsize)\n\n"
         "Calls fast(*operands) if every operand is exactly an `array` of `dtype` (or a `scalar`; or, from\n"
         "operand number `first_float` on, a float), at least one of them an array; else slow(...).")},
    {0, nullptr}};

PyType_Spec spec = {"ember_ml._core.Guard", sizeof(Guard), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
                    slots};

}  // namespace

void register_guard(py::module_& module) {
  module.add_object("Guard", py::reinterpret_steal<py::object>(PyType_FromSpec(&spec)));
}

}  // namespace ember::bindings
