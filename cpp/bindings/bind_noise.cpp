#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "bindings/bindings.h"
#include "core/dispatch.h"
#include "noise/noise_table.h"
#include "noise/random.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

SimdLevel level_of(const std::optional<std::string>& name) {
  return name ? level_from_name(*name) : simd_level();
}

Float32Array noise(std::uint64_t seed, std::uint32_t generation, std::uint32_t direction, py::ssize_t size,
                   py::ssize_t first, std::uint32_t purpose, const std::optional<std::string>& level) {
  if (size < 0) throw std::invalid_argument("size: got " + std::to_string(size) + ", wanted 0 or more");
  if (first < 0) throw std::invalid_argument("first: got " + std::to_string(first) + ", wanted 0 or more");
  if (first + size > (py::ssize_t)1 << 35) throw std::invalid_argument("first + size: wanted at most 2**35");
  const NoiseKernels& table = kernels<NoiseKernels>(level_of(level));
  Float32Array out(size);
  float* to = out.mutable_data();
  py::gil_scoped_release release;
  table.fill(Stream(purpose, seed, generation, direction), first, size, to);
  return out;
}

Float32Array stream_uniforms(std::uint32_t purpose, std::uint64_t seed, std::uint32_t generation,
                             std::uint32_t direction, std::uint32_t episode, py::ssize_t count) {
  if (count < 0) throw std::invalid_argument("n: got " + std::to_string(count) + ", wanted 0 or more");
  Float32Array out(count);
  uniforms(Stream(purpose, seed, generation, direction, episode), count, out.mutable_data());
  return out;
}

}  // namespace

void register_noise(py::module_& module) {
  module.attr("noise_rounds") = noise_rounds;
  module.attr("noise_stream_version") = noise_stream_version;
  module.def("noise", &noise, py::arg("seed"), py::arg("generation"), py::arg("direction"), py::arg("size"),
             py::arg("first") = 0, py::arg("purpose") = 0, py::arg("level") = py::none(),
             "Normals of parameters first, first + 1, ... of one direction: float32 (size,).");
  module.def("uniforms", &stream_uniforms, py::arg("purpose"), py::arg("seed"), py::arg("generation"),
             py::arg("direction"), py::arg("episode"), py::arg("n"),
             "n uniform float32 in [0, 1) of one keyed stream.");
  module.def(
      "derived_seed",
      [](std::uint32_t purpose, std::uint64_t seed, std::uint32_t generation, std::uint32_t direction,
         std::uint32_t episode) {
        return derived_seed(Stream(purpose, seed, generation, direction, episode));
      },
      py::arg("purpose"), py::arg("seed"), py::arg("generation"), py::arg("direction"), py::arg("episode"),
      "A 31-bit seed of one keyed stream.");
  module.def(
      "derived_seed64",
      [](std::uint32_t purpose, std::uint64_t seed, std::uint32_t generation, std::uint32_t direction,
         std::uint32_t episode) {
        return derived_seed64(Stream(purpose, seed, generation, direction, episode));
      },
      py::arg("purpose"), py::arg("seed"), py::arg("generation"), py::arg("direction"), py::arg("episode"),
      "A 64-bit seed of one keyed stream: what ember_env's reset gets.");
}

}  // namespace ember::bindings
