// ember_ml._core.testing: what only tests and benchmarks call.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "core/checked.h"
#include "core/dispatch.h"
#include "core/math_table.h"
#include "core/threads.h"
#include "noise/low_rank.h"
#include "noise/noise_sum.h"
#include "noise/perturbation.h"
#include "noise/threefry.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words threefry(const Words& key, const Words& counter, int rounds) {
  const ThreefryKey schedule(key[0], key[1], key[2], key[3]);
  Words x = counter;
  switch (rounds) {
    case 13:
      threefry4x32<13>(schedule, x.data());
      break;
    case 20:
      threefry4x32<20>(schedule, x.data());
      break;
    case 72:
      threefry4x32<72>(schedule, x.data());
      break;
    default:
      throw std::invalid_argument("rounds: got " + std::to_string(rounds) + ", wanted 13, 20 or 72");
  }
  return x;
}

const MathKernels& math_of(const std::optional<std::string>& level) {
  return kernels<MathKernels>(level ? level_from_name(*level) : simd_level());
}

Float32Array like(const Float32Array& x) {
  return Float32Array(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
}

Float32Array apply_binary(const std::string& name, const Float32Array& a, const Float32Array& b,
                          const std::optional<std::string>& level) {
  if (a.size() != b.size()) throw std::invalid_argument("a, b: wanted equal sizes");
  for (int i = 0; i < math_binary_functions; ++i) {
    if (name != math_binary_names[i]) continue;
    Float32Array y = like(a);
    math_of(level).binary[i](a.data(), b.data(), a.size(), y.mutable_data());
    return y;
  }
  throw std::invalid_argument("name: got '" + name + "', wanted min, max, copysign or smaller_sum");
}

Float32Array fused(const Float32Array& a, const Float32Array& b, const Float32Array& c,
                   const std::optional<std::string>& level) {
  if (a.size() != b.size() || a.size() != c.size())
    throw std::invalid_argument("a, b, c: wanted equal sizes");
  Float32Array y = like(a);
  math_of(level).fma(a.data(), b.data(), c.data(), a.size(), y.mutable_data());
  return y;
}

}  // namespace

void register_testing(py::module_& core) {
  py::module_ module = core.def_submodule("testing", "What only tests and benchmarks call.");
  module.def("threefry", &threefry, py::arg("key"), py::arg("counter"), py::arg("rounds") = noise_rounds,
             "The four random words of one block of Threefry4x32.");
  module.def(
      "cpu_quota", &cpu_quota, py::arg("groups") = "/proc/self/cgroup", py::arg("mount") = "/sys/fs/cgroup",
      "CPUs' worth of time that the quotas of a control group and of its ancestors leave; inf if there are "
      "none. `groups` is a file as /proc/self/cgroup, `mount` where the hierarchy lies.");
  module.def(
      "low_rank_sum",
      [](const Perturbation& perturbation, std::uint64_t seed, std::uint32_t generation,
         const Float32Array& weights, int threads) {
        Population population;
        population.seed = seed;
        population.generation = generation;
        population.directions = checked_int("weights", weights.size(), 0, most_directions);
        population.perturbation = &perturbation.plan();
        Float32Array sum(perturbation.plan().parameters);
        float* to = sum.mutable_data();
        const float* from = weights.data();
        py::gil_scoped_release release;
        low_rank_sum(population, from, threads, to);
        return sum;
      },
      py::arg("perturbation"), py::arg("seed"), py::arg("generation"), py::arg("weights"),
      py::arg("threads") = 0, "sum_k w_k eps_k over the directions, float32 (parameters,).");
  module.def(
      "noise_sum",
      [](std::uint64_t seed, std::uint32_t generation, const Float32Array& first_weights,
         std::int64_t parameters, const py::object& second_weights, int threads) {
        Population population;
        population.seed = seed;
        population.generation = generation;
        population.directions = (int)first_weights.size();
        py::array_t<float> first(parameters);
        if (second_weights.is_none()) {
          float* to = first.mutable_data();
          const float* from = first_weights.data();
          py::gil_scoped_release release;
          noise_sum(population, parameters, from, nullptr, threads, to, nullptr);
        } else {
          Float32Array weights(second_weights);
          if (weights.size() != first_weights.size()) {
            throw py::value_error("second_weights: got " + std::to_string(weights.size()) +
                                  " values, wanted " + std::to_string(first_weights.size()));
          }
          py::array_t<float> second(parameters);
          {
            float *to_first = first.mutable_data(), *to_second = second.mutable_data();
            py::gil_scoped_release release;
            noise_sum(population, parameters, first_weights.data(), weights.data(), threads, to_first,
                      to_second);
          }
          return py::object(py::make_tuple(first, second));
        }
        return py::object(first);
      },
      py::arg("seed"), py::arg("generation"), py::arg("first_weights"), py::arg("parameters"),
      py::arg("second_weights") = py::none(), py::arg("threads") = 0,
      "sum_k w_k eps_k over the directions, float32 (parameters,); with second_weights also sum_k w2_k "
      "(eps_k^2 - 1).");
  module.def("math_binary", &apply_binary, py::arg("name"), py::arg("a"), py::arg("b"),
             py::arg("level") = py::none(),
             "min, max, copysign of cpp/core/simd.h, element by element, float32.");
  module.def("math_fma", &fused, py::arg("a"), py::arg("b"), py::arg("c"), py::arg("level") = py::none(),
             "a * b + c with one rounding, element by element, float32.");
  module.def(
      "math_names", [] { return std::vector<std::string>(math_names, math_names + math_functions); },
      "The functions that math_apply has.");
}

}  // namespace ember::bindings
