#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <tuple>
#include <vector>

#include "bindings/bindings.h"
#include "core/checked.h"
#include "noise/noise_sum.h"
#include "noise/perturbation.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

// (offset, inputs, outputs, outputs_first)
using MatrixTuple = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool>;

std::shared_ptr<Perturbation> make_perturbation(std::int64_t rank, std::int64_t parameters,
                                                const std::vector<MatrixTuple>& tuples) {
  std::vector<Matrix> matrices;
  for (const auto& [offset, inputs, outputs, outputs_first] : tuples) {
    matrices.push_back({offset, inputs, outputs, outputs_first});
  }
  return std::make_shared<Perturbation>(checked_int("rank", rank, 1, 1 << 20), parameters,
                                        std::move(matrices));
}

// Members first, first + 1, ... as rows, with a perturbation or without.
Float32Array member_rows(const Float32Array& mean, const Float32Array& scale, std::uint64_t seed,
                         std::uint32_t generation, std::int64_t first_direction, bool antithetic,
                         std::uint32_t purpose, std::int64_t first, std::int64_t count,
                         const Perturbation* perturbation) {
  if (mean.ndim() != 1) throw py::value_error("mean: wanted one dimension");
  const bool per_parameter = scale.size() == mean.size() && mean.size() != 1;
  if (scale.size() != 1 && (!per_parameter || perturbation != nullptr)) {
    throw py::value_error("scale: got " + std::to_string(scale.size()) + " values, wanted 1" +
                          (perturbation != nullptr ? "" : " or " + std::to_string(mean.size())));
  }
  if (perturbation != nullptr && perturbation->plan().parameters != mean.size()) {
    throw py::value_error("perturbation: of " + std::to_string(perturbation->plan().parameters) +
                          " parameters, mean has " + std::to_string(mean.size()));
  }
  if (first < 0 || count < 0) throw py::value_error("first, count: wanted 0 or more");
  Population population;
  population.mean = mean.data();
  population.scale = scale.data();
  population.scale_per_parameter = per_parameter;
  population.seed = seed;
  population.generation = generation;
  population.first_direction = checked_int("first_direction", first_direction, 0, most_directions);
  population.antithetic = antithetic;
  population.noise_purpose = static_cast<Purpose>(purpose);
  population.perturbation = perturbation != nullptr ? &perturbation->plan() : nullptr;
  const py::ssize_t size = mean.size();
  Float32Array out({(py::ssize_t)count, size});
  float* to = out.mutable_data();
  const int begin = checked_int("first", first, 0, 2 * most_directions),
            end = checked_int("first + count", first + count, 0, 2 * most_directions);
  py::gil_scoped_release release;
  for (int member = begin; member < end; ++member) {
    write_member(population, size, member, to + (member - begin) * size);
  }
  return out;
}

}  // namespace

void register_perturbation(py::module_& module) {
  py::class_<Perturbation, std::shared_ptr<Perturbation>>(
      module, "Perturbation", "Low-rank noise of the matrices of theta (cpp/noise/perturbation.h).")
      .def(py::init(&make_perturbation), py::arg("rank"), py::arg("parameters"), py::arg("matrices"))
      .def_property_readonly("rank", [](const Perturbation& self) { return self.plan().rank; })
      .def_property_readonly(
          "compact", [](const Perturbation& self) { return self.plan().compact; },
          "Length of a direction's noise.")
      .def_property_readonly(
          "matrices",
          [](const Perturbation& self) {
            std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, bool, std::int64_t>> found;
            for (const LowRankMatrix& low : self.matrices()) {
              const Matrix& m = low.matrix;
              found.emplace_back(m.offset, m.inputs, m.outputs, m.outputs_first, low.at);
            }
            return found;
          },
          "(offset, inputs, outputs, outputs_first, at) of each matrix of low rank.")
      .def_property_readonly(
          "stretches",
          [](const Perturbation& self) {
            std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>> found;
            for (const FullStretch& s : self.stretches()) found.emplace_back(s.offset, s.size, s.at);
            return found;
          },
          "(offset, size, at) of what has a normal for each parameter.");
  module.def("perturb", &member_rows, py::arg("mean"), py::arg("scale"), py::arg("seed"),
             py::arg("generation"), py::arg("first_direction"), py::arg("antithetic"), py::arg("purpose"),
             py::arg("first"), py::arg("count"), py::arg("perturbation").none(true) = py::none(),
             "Members first, first + 1, ... of a population: float32 (count, parameters).");
}

}  // namespace ember::bindings
