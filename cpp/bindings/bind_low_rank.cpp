#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "bindings/bindings.h"
#include "core/checked.h"
#include "rollout/low_rank_forward.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using Members = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

py::array_t<float> low_rank_outputs_of(LowRankForward& self, const Float32Array& numbers,
                                       const Members& members, const Float32Array& x, Float32Array& memory) {
  const PolicyPlan& policy = self.policy();
  const py::ssize_t count = members.size();
  if (numbers.ndim() != 2 || numbers.shape(1) != self.own_numbers())
    throw py::value_error("numbers: wanted (members, " + std::to_string(self.own_numbers()) + ")");
  if (members.ndim() != 1 || x.ndim() != 2 || x.shape(0) != count || x.shape(1) != policy.inputs)
    throw py::value_error("x: wanted (len(members), " + std::to_string(policy.inputs) + ")");
  if (memory.size() != count * policy.memory)
    throw py::value_error("memory: wanted (len(members), " + std::to_string(policy.memory) + ")");
  for (py::ssize_t i = 0; i < count; ++i)
    if (members.at(i) < 0 || members.at(i) >= numbers.shape(0)) throw py::index_error("members: no such row");
  py::array_t<float> y({count, (py::ssize_t)policy.outputs});
  float *to = y.mutable_data(), *state = memory.mutable_data();
  py::gil_scoped_release release;
  self.forward(numbers.data(), members.data(), count, x.data(), state, to);
  return y;
}

Float32Array own_numbers(const Float32Array& mean, float scale, const Perturbation& perturbation,
                         std::uint64_t seed, std::uint32_t generation, std::int64_t first_direction,
                         bool antithetic, std::uint32_t purpose, std::int64_t first, std::int64_t count) {
  const PerturbationPlan& plan = perturbation.plan();
  if (mean.ndim() != 1 || mean.size() != plan.parameters)
    throw py::value_error("mean: wanted (" + std::to_string(plan.parameters) + ",)");
  Population population;
  population.mean = mean.data();
  population.scale = &scale;
  population.seed = seed;
  population.generation = generation;
  population.first_direction = checked_int("first_direction", first_direction, 0, most_directions);
  population.antithetic = antithetic;
  population.noise_purpose = static_cast<Purpose>(purpose);
  population.perturbation = &plan;
  const int begin = checked_int("first", first, 0, 2 * most_directions),
            rows = checked_int("count", count, 0, 2 * most_directions - begin);
  Float32Array out({(py::ssize_t)rows, (py::ssize_t)plan.compact + 1});
  float* to = out.mutable_data();
  py::gil_scoped_release release;
  for (int row = 0; row < rows; ++row) {
    write_own_numbers(population, begin + row, to + row * (plan.compact + 1));
  }
  return out;
}

}  // namespace

void register_low_rank(py::module_& module) {
  module.def(
      "own_numbers", &own_numbers, py::arg("mean"), py::arg("scale"), py::arg("perturbation"),
      py::arg("seed"), py::arg("generation"), py::arg("first_direction"), py::arg("antithetic"),
      py::arg("purpose"), py::arg("first"), py::arg("count"),
      "What is a member's own by low rank, members first, first + 1, ...: float32 (count, compact + 1), the "
      "factor c last.");
  py::class_<LowRankForward>(module, "LowRankForward",
                             "Forward passes by low rank (cpp/rollout/low_rank_forward.h).")
      .def(py::init([](const Policy& policy, const std::shared_ptr<Perturbation>& perturbation,
                       const Float32Array& mean) {
             if (mean.ndim() != 1 || mean.size() != policy.parameters)
               throw py::value_error("mean: wanted (" + std::to_string(policy.parameters) + ",)");
             return std::make_unique<LowRankForward>(policy, perturbation, mean.data());
           }),
           py::arg("policy"), py::arg("perturbation"), py::arg("mean"))
      .def("__call__", &low_rank_outputs_of, py::arg("numbers"), py::arg("members"), py::arg("x"),
           py::arg("memory"),
           "float32 (n, outputs): the member of row members[i] of numbers (m, compact + 1) on x[i]; memory "
           "(n, "
           "values) is read and becomes the next.");
}

}  // namespace ember::bindings
