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
  double limit = 0.0;      // what the machine could do at best, in the same unit; 0: none
  std::string limit_name;  // what sets it: "fma" or "memory"
  int threads = 1;
  // Share of the limit that is reached. A time is the better the shorter.
  double ratio() const {
    if (limit <= 0.0) return 0.0;
    return unit == "ms" ? limit / figure : figure / limit;
  }
};

// Groups of figures, in the order in which they are run.
const std::vector<std::string>& bench_names();
// Throws std::invalid_argument for an unknown name. Each figure is the median of runs that together take
// about `seconds`.
std::vector<BenchRow> bench(const std::string& name, double seconds);

}  // namespace ember
