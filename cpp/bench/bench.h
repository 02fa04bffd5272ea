// Native benchmarks: figures beside the limits of this machine, measured in the same run. For the program
// ember_bench and for `ember-ml bench`.
#pragma once

#include <string>
#include <vector>

namespace ember {

struct BenchRow {
  std::string what;
  double figure = 0.0;
  std::string unit;
  double limit = 0.0;  // in the same unit; 0: none
  std::string limit_name;
  int threads = 1;
  double ratio() const { return limit > 0.0 ? figure / limit : 0.0; }
};

// Groups of figures, in the order in which they are run.
const std::vector<std::string>& bench_names();
// Throws std::invalid_argument for an unknown name. Each figure is the median of runs that together take
// about `seconds`.
std::vector<BenchRow> bench(const std::string& name, double seconds);

}  // namespace ember
