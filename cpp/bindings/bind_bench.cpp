#include <pybind11/stl.h>

#include "bench/bench.h"
#include "bindings/bindings.h"

namespace py = pybind11;

namespace ember::bindings {

void register_bench(py::module_& module) {
  module.def("bench_names", &bench_names, "Groups of native benchmarks, in the order in which they are run.");
  module.def(
      "bench",
      [](const std::string& name, double seconds) {
        std::vector<BenchRow> rows;
        {
          const py::gil_scoped_release release;
          rows = bench(name, seconds);
        }
        py::list result;
        for (const BenchRow& row : rows) {
          py::dict entry;
          entry["group"] = name;
          entry["what"] = row.what;
          entry["threads"] = row.threads;
          entry["figure"] = row.figure;
          entry["unit"] = row.unit;
          entry["limit"] = row.limit > 0.0 ? py::object(py::float_(row.limit)) : py::object(py::none());
          entry["limit_name"] = row.limit_name;
          entry["ratio"] = row.limit > 0.0 ? py::object(py::float_(row.ratio())) : py::object(py::none());
          result.append(entry);
        }
        return result;
      },
      py::arg("name"), py::arg("seconds") = 0.3,
      "Runs one group: a list of dicts with what, threads, figure, unit, limit of this machine in the same "
      "unit (or None) "
      "and the ratio to it. Each figure is the median of runs that together take about `seconds`.");
}

}  // namespace ember::bindings
