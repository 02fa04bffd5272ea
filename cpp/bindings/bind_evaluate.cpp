#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>

#include "bindings/bindings.h"
#include "bindings/interruptible.h"
#include "core/checked.h"
#include "envs/environment_info.h"
#include "include/ember_env.h"
#include "noise/perturbation.h"
#include "rollout/evaluate.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

template <class T, class Shape>
py::array_t<T> array_of(const std::vector<T>& values, Shape shape) {
  py::array_t<T> array(shape);
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

// (kind, activation, values), kind: 0 activation, 1 scale, 2 shift
using OperationTuple = std::tuple<int, int, std::vector<float>>;
// (inputs, outputs, weight_offset, bias_offset, after)
using LayerTuple = std::tuple<int, int, std::int64_t, std::int64_t, std::vector<OperationTuple>>;

// (number of the layer, kind, state_weight_offset, state_bias_offset) of the layers that are cells
using CellTuple = std::tuple<std::size_t, int, std::int64_t, std::int64_t>;

std::vector<Elementwise> operations(const std::vector<OperationTuple>& tuples) {
  std::vector<Elementwise> result;
  for (const auto& [kind, activation, values] : tuples) {
    if (kind < 0 || kind > 2)
      throw py::value_error("kind: got " + std::to_string(kind) + ", wanted 0, 1 or 2");
    result.push_back({static_cast<Elementwise::Kind>(kind), static_cast<Activation>(activation), values});
  }
  return result;
}

Policy make_policy(int inputs, int outputs, std::int64_t parameters,
                   const std::vector<OperationTuple>& before, const std::vector<LayerTuple>& layers,
                   const std::vector<CellTuple>& cells) {
  Policy policy;
  policy.inputs = inputs;
  policy.outputs = outputs;
  policy.parameters = parameters;
  policy.before = operations(before);
  for (const auto& [layer_inputs, layer_outputs, weight_offset, bias_offset, after] : layers) {
    policy.layers.push_back({layer_inputs, layer_outputs, weight_offset, bias_offset, operations(after),
                             LayerKind::dense, 0, -1});
  }
  for (const auto& [number, kind, state_weight_offset, state_bias_offset] : cells) {
    if (number >= policy.layers.size()) throw py::value_error("cells: no layer " + std::to_string(number));
    Layer& layer = policy.layers[number];
    layer.kind = static_cast<LayerKind>(kind);
    layer.state_weight_offset = state_weight_offset;
    layer.state_bias_offset = state_bias_offset;
  }
  policy.validate();
  return policy;
}

Layout layout_named(const std::string& name) {
  if (name == "auto") return Layout::automatic;
  if (name == "members") return Layout::members;
  if (name == "episodes") return Layout::episodes;
  if (name == "units") return Layout::units;
  throw py::value_error("layout: got '" + name + "', wanted auto, members, episodes or units");
}

const float* checked(const char* name, const std::optional<Floats>& values, py::ssize_t size) {
  if (!values) return nullptr;
  if (values->ndim() != 1 || values->size() != size) {
    throw py::value_error(std::string(name) + ": got " + std::to_string(values->size()) + " values, wanted " +
                          std::to_string(size));
  }
  return values->data();
}

// Results as numpy arrays in a dict, in the names of rollout.py's Evaluation.
py::dict to_python(const Evaluation& evaluation, py::ssize_t episodes) {
  const auto members = static_cast<py::ssize_t>(evaluation.fitness.size());
  const std::vector<py::ssize_t> flat{members}, table{members, episodes};
  py::dict result;
  result["fitness"] = array_of(evaluation.fitness, flat);
  result["returns"] = array_of(evaluation.returns, table);
  result["lengths"] = array_of(evaluation.lengths, table);
  result["failed"] = array_of(evaluation.failed, table).attr("view")("bool");
  const std::vector<py::ssize_t> policy{static_cast<py::ssize_t>(evaluation.policy_returns.size())};
  result["policy_returns"] = array_of(evaluation.policy_returns, policy);
  result["policy_lengths"] = array_of(evaluation.policy_lengths, policy);
  py::list leaves;
  for (const ObservationSums& leaf : evaluation.leaves) {
    const std::vector<py::ssize_t> width{static_cast<py::ssize_t>(leaf.sum.size())};
    leaves.append(
        py::make_tuple(leaf.count, array_of(leaf.sum, width), array_of(leaf.sum_of_squares, width)));
  }
  result["leaves"] = leaves;
  result["steps"] = evaluation.steps;
  return result;
}

py::dict evaluate(Evaluator& self, const Floats& mean, const Floats& scale, std::uint64_t seed,
                  std::uint32_t generation, std::int64_t directions, bool antithetic,
                  std::int64_t first_direction, std::uint32_t noise_purpose, std::uint32_t reset_purpose,
                  bool common_starts, const std::optional<Floats>& rows, const Perturbation* perturbation,
                  const std::optional<Floats>& observation_mean,
                  const std::optional<Floats>& observation_inverse_deviation, bool with_policy) {
  const Problem& problem = self.problem();
  const auto parameters = static_cast<py::ssize_t>(problem.policy.parameters);
  if (mean.ndim() != 1 || mean.size() != parameters) {
    throw py::value_error("mean: got " + std::to_string(mean.size()) + " values, wanted " +
                          std::to_string(parameters));
  }
  if (scale.size() != 1 && scale.size() != parameters) {
    throw py::value_error("scale: got " + std::to_string(scale.size()) + " values, wanted 1 or " +
                          std::to_string(parameters));
  }
  Population population;
  population.mean = mean.data();
  population.scale = scale.data();
  population.scale_per_parameter = scale.size() != 1;
  population.seed = seed;
  population.generation = generation;
  population.directions = checked_int("directions", directions, 0, most_directions);
  population.antithetic = antithetic;
  population.first_direction = checked_int("first_direction", first_direction, 0, most_directions);
  population.noise_purpose = static_cast<Purpose>(noise_purpose);
  population.reset_purpose = static_cast<Purpose>(reset_purpose);
  population.common_starts = common_starts;
  population.perturbation = perturbation != nullptr ? &perturbation->plan() : nullptr;
  if (perturbation != nullptr && scale.size() != 1)
    throw py::value_error("scale: wanted 1 value with a perturbation");
  if (rows) {
    if (rows->ndim() != 2 || rows->shape(1) != parameters) {
      throw py::value_error("rows: wanted shape (members, " + std::to_string(parameters) + ")");
    }
    population.rows = rows->data();
    population.directions = checked_int("rows", rows->shape(0), 0, most_directions);
    population.antithetic = false;
  }
  const float* center = checked("observation_mean", observation_mean, problem.policy.inputs);
  const float* inverse =
      checked("observation_inverse_deviation", observation_inverse_deviation, problem.policy.inputs);
  Evaluation evaluation;
  try {
    interruptible([&](const std::atomic<bool>* stop) {
      self.evaluate(population, center, inverse, with_policy, stop, &evaluation);
    });
  } catch (const EvaluationError& error) {
    const py::object type = py::module_::import("ember_ml.errors").attr("EvaluationError");
    const py::object member =
        error.member < population.members() ? py::cast(error.member) : py::object(py::none());
    PyErr_SetObject(type.ptr(), type(error.what(), error.generation, member).ptr());
    throw py::error_already_set();
  }
  return to_python(evaluation, problem.episodes);
}

py::array_t<float> floats(const std::vector<float>& values) {
  return py::array_t<float>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace

void register_evaluate(py::module_& module) {
  py::class_<Policy>(module, "Policy",
                     "A chain of dense layers, cells and element-wise operations (cpp/policy/policy.h).")
      .def(py::init(&make_policy), py::arg("inputs"), py::arg("outputs"), py::arg("parameters"),
           py::arg("before"), py::arg("layers"), py::arg("cells") = std::vector<CellTuple>())
      .def_readonly("inputs", &Policy::inputs)
      .def_readonly("outputs", &Policy::outputs)
      .def_readonly("parameters", &Policy::parameters)
      .def_property_readonly("memory", &Policy::memory, "Values that an episode remembers.");

  py::class_<Evaluator>(module, "Evaluator", "Rolls out populations of one problem (cpp/rollout/evaluate.h).")
      .def(py::init([](const Policy& policy, const std::string& env, std::uintptr_t custom,
                       const std::vector<double>& env_parameters, std::int64_t episodes,
                       std::int64_t max_steps, std::int64_t frame_skip, bool clip_actions, bool normalize,
                       float observation_clip, double reward_scale, double reward_offset,
                       std::int64_t threads, const std::string& layout, bool rank_last) {
             Problem problem;
             problem.policy = policy;
             problem.env = env;
             problem.custom = reinterpret_cast<const ember_env*>(custom);
             problem.env_parameters = env_parameters;
             problem.episodes = checked_int("episodes", episodes, 1, INT_MAX);
             problem.max_steps = checked_int("max_steps", max_steps, 0, INT_MAX);
             problem.frame_skip = checked_int("frame_skip", frame_skip, 1, INT_MAX);
             problem.clip_actions = clip_actions;
             problem.rank_last = rank_last;
             problem.normalize = normalize;
             problem.observation_clip = observation_clip;
             problem.reward_scale = reward_scale;
             problem.reward_offset = reward_offset;
             problem.threads = checked_int("threads", threads, 0, most_threads);
             problem.layout = layout_named(layout);
             return std::make_unique<Evaluator>(std::move(problem));
           }),
           py::arg("policy"), py::arg("env") = "", py::kw_only(), py::arg("custom") = 0,
           py::arg("env_parameters") = std::vector<double>(), py::arg("episodes") = 1,
           py::arg("max_steps") = 0, py::arg("frame_skip") = 1, py::arg("clip_actions") = true,
           py::arg("normalize") = false, py::arg("observation_clip") = 10.0f, py::arg("reward_scale") = 1.0,
           py::arg("reward_offset") = 0.0, py::arg("threads") = 0, py::arg("layout") = "auto",
           py::arg("rank_last") = false)
      .def("evaluate", &evaluate, py::arg("mean"), py::arg("scale"), py::arg("seed"), py::arg("generation"),
           py::arg("directions"), py::arg("antithetic") = true, py::kw_only(), py::arg("first_direction") = 0,
           py::arg("noise_purpose") = 0, py::arg("reset_purpose") = 1, py::arg("common_starts") = false,
           py::arg("rows") = py::none(), py::arg("perturbation").none(true) = py::none(),
           py::arg("observation_mean") = py::none(), py::arg("observation_inverse_deviation") = py::none(),
           py::arg("with_policy") = false,
           "Evaluates one generation without the GIL; a dict of arrays, as rollout.py's Evaluation.")
      .def(
          "explain",
          [](const Evaluator& self, int directions, bool antithetic, const Perturbation* perturbation) {
            return self.explain(directions, antithetic, perturbation ? &perturbation->plan() : nullptr);
          },
          py::arg("directions"), py::arg("antithetic") = true,
          py::arg("perturbation").none(true) = py::none())
      .def("begin", &Evaluator::begin, "Keeps threads alive until the matching end().")
      .def("end", &Evaluator::end);

  using Info = EnvironmentInfo;
  py::class_<Info>(module, "EnvironmentInfo", "What a built-in environment is.")
      .def_readonly("name", &Info::name)
      .def_readonly("observations", &Info::observations)
      .def_readonly("actions", &Info::actions, "Size of the Box, or number of choices.")
      .def_readonly("discrete", &Info::discrete)
      .def_readonly("max_steps", &Info::max_steps)
      .def_property_readonly("action_low", [](const Info& self) { return floats(self.action_low); })
      .def_property_readonly("action_high", [](const Info& self) { return floats(self.action_high); })
      .def_readonly("reward_threshold", &Info::reward_threshold, "NaN: none.")
      .def_readonly("parameter_names", &Info::parameter_names)
      .def_readonly("parameter_defaults", &Info::parameter_defaults)
      .def_readonly("observation_names", &Info::observation_names)
      .def_readonly("action_names", &Info::action_names, "One a value of the Box, or a choice.")
      .def_readonly("state_size", &Info::state_size, "Numbers of gymnasium's state.");
  module.def("builtin_environments", [] { return builtin_environments(); }, "The environments of cpp/envs.");
}

}  // namespace ember::bindings
