#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstring>

#include "bindings/bindings.h"
#include "bindings/interruptible.h"
#include "core/digest.h"
#include "run/run.h"
#include "run/state_digest.h"

namespace py = pybind11;

namespace ember::bindings {
namespace {

using DoubleArray = py::array_t<double, py::array::c_style | py::array::forcecast>;

template <class T>
py::array_t<T> to_array(const std::vector<T>& values) {
  py::array_t<T> array((py::ssize_t)values.size());  // given the values, numpy would copy field by field
  if (!values.empty()) std::memcpy(array.mutable_data(), values.data(), values.size() * sizeof(T));
  return array;
}

std::vector<double> checked(const char* name, const DoubleArray& values, std::size_t size) {
  if (values.ndim() != 1 || (std::size_t)values.size() != size) {
    throw py::value_error(std::string(name) + ": got " + std::to_string(values.size()) + " values, wanted " +
                          std::to_string(size));
  }
  return std::vector<double>(values.data(), values.data() + size);
}

const char* name(RunLog::End end) {
  switch (end) {
    case RunLog::End::generations:
      return "generations";
    case RunLog::End::until:
      return "until";
    case RunLog::End::held:
      return "held";
    case RunLog::End::time_budget:
      return "time_budget";
    case RunLog::End::step_budget:
      return "step_budget";
    case RunLog::End::stopped:
      return "stopped";
    default:
      return "running";
  }
}

}  // namespace

void register_run(py::module_& module) {
  // The fields of ember_ml.es.result.history, in its order.
  PYBIND11_NUMPY_DTYPE(HistoryRow, generation, policy_return, population_mean, population_std, population_max,
                       episodes, steps, failed, sigma, update_norm, wall_time);

  py::class_<ObservationStatistics>(module, "ObservationStatistics")
      .def(py::init<int>(), py::arg("inputs"))
      .def_readwrite("count", &ObservationStatistics::count)
      .def_property(
          "mean", [](const ObservationStatistics& self) { return to_array(self.mean); },
          [](ObservationStatistics& self, const DoubleArray& values) {
            self.mean = checked("mean", values, self.mean.size());
          })
      .def_property(
          "squares", [](const ObservationStatistics& self) { return to_array(self.squares); },
          [](ObservationStatistics& self, const DoubleArray& values) {
            self.squares = checked("squares", values, self.squares.size());
          })
      .def(
          "merge",
          [](ObservationStatistics& self, double count, const DoubleArray& sum,
             const DoubleArray& sum_of_squares, const DoubleArray& shift) {
            const std::size_t inputs = self.mean.size();
            const std::vector<double> mean = checked("shift", shift, inputs);
            self.merge(
                {count, checked("sum", sum, inputs), checked("sum_of_squares", sum_of_squares, inputs)},
                std::vector<float>(mean.begin(), mean.end()));
          },
          py::arg("count"), py::arg("sum"), py::arg("sum_of_squares"), py::arg("shift"))
      .def(
          "freeze",
          [](const ObservationStatistics& self) {
            std::vector<float> mean, inverse_deviation;
            self.freeze(&mean, &inverse_deviation);
            return py::make_tuple(to_array(mean), to_array(inverse_deviation));
          },
          "(mean, 1 / deviation), float32 (inputs,) each.");

  py::class_<RunLog>(module, "RunLog", "What a run has done so far; keeps it when the run ends in an error.")
      .def(py::init<>())
      .def_property_readonly("generations", [](const RunLog& self) { return self.generations.load(); })
      .def_property_readonly("policy_return", [](const RunLog& self) { return self.policy_return.load(); })
      .def_property(
          "stop", [](const RunLog& self) { return self.stop.load(); },
          [](RunLog& self, bool stop) { self.stop = stop; })
      .def_property_readonly(
          "end", [](const RunLog& self) { return name(self.end); },
          "generations, until, held, time_budget, step_budget, stopped, or running after an error.")
      .def_readonly("steps", &RunLog::steps, "Environment steps of the records.")
      .def(
          "records", [](const RunLog& self) -> py::array { return to_array(self.rows); },
          "A structured array (generations,), one record a generation: es/result/history.py's fields.")
      .def_readonly("candidate_generation", &RunLog::candidate_generation)
      .def_readonly("candidate_return", &RunLog::candidate_return)
      .def_property_readonly("candidate", [](const RunLog& self) { return to_array(self.candidate); })
      .def_property_readonly("candidate_mean",
                             [](const RunLog& self) { return to_array(self.candidate_mean); })
      .def_property_readonly("candidate_inverse_deviation",
                             [](const RunLog& self) { return to_array(self.candidate_inverse_deviation); })
      .def_property(
          "recording", [](const RunLog& self) { return self.record.wanted; },
          [](RunLog& self, bool wanted) { self.record.wanted = wanted; },
          "Whether to keep what the updates are made of: fitness, sums and digests, generation by "
          "generation.")
      .def_property_readonly("fitness", [](const RunLog& self) { return to_array(self.record.fitness); })
      .def_property_readonly("sums", [](const RunLog& self) { return to_array(self.record.sums); })
      .def_property_readonly("digests", [](const RunLog& self) { return to_array(self.record.digests); })
      .def_readwrite("warm_up_episodes", &RunLog::warm_up_episodes)
      .def_readwrite("warm_up_steps", &RunLog::warm_up_steps);

  module.def(
      "digest",
      [](const std::vector<py::buffer>& parts) {
        Digest digest;
        for (const py::buffer& part : parts) {
          const py::buffer_info info = part.request();
          digest.add(info.ptr, (std::size_t)(info.size * info.itemsize));
        }
        return digest.value();
      },
      py::arg("parts"), "The digest of some contiguous buffers, one after the other (cpp/core/digest.h).");
  module.def("state_digest", &state_digest, py::arg("strategy"), py::arg("statistics").none(true),
             "One number for where a training stands, which finds every flipped bit.");

  module.def(
      "run",
      [](Evaluator& evaluator, Strategy& strategy, ObservationStatistics* statistics, RunLog& log,
         std::int64_t generations, double until, bool hold, bool confirmed, double time_budget,
         std::int64_t step_budget, double wall_time, bool common_starts, bool warm_up) {
        RunOptions options;
        options.generations = generations;
        options.until = until;
        options.hold = hold;
        options.confirmed = confirmed;
        options.time_budget = time_budget;
        options.step_budget = step_budget;
        options.wall_time = wall_time;
        options.common_starts = common_starts;
        options.warm_up = warm_up;
        try {
          interruptible([&](const std::atomic<bool>* stop) {
            run(evaluator, strategy, statistics, options, stop, &log);
          });
        } catch (const EvaluationError& error) {
          const py::object type = py::module_::import("ember_ml.errors").attr("EvaluationError");
          py::object member = py::none();
          if (error.member < strategy.members()) member = py::cast(error.member);
          PyErr_SetObject(type.ptr(), type(error.what(), error.generation, member).ptr());
          throw py::error_already_set();
        }
      },
      py::arg("evaluator"), py::arg("strategy"), py::arg("statistics").none(true), py::arg("log"),
      py::kw_only(), py::arg("generations"), py::arg("until") = RunOptions().until, py::arg("hold") = false,
      py::arg("confirmed") = false, py::arg("time_budget") = RunOptions().time_budget,
      py::arg("step_budget") = RunOptions().step_budget, py::arg("wall_time") = 0.0,
      py::arg("common_starts") = false, py::arg("warm_up") = true,
      "Runs many generations without the GIL, recording them in `log` (cpp/run/run.h).");
}

}  // namespace ember::bindings
