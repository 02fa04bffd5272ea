// ember_bench [--json] [--seconds S] [group ...]: native benchmarks beside the limits of this machine.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "bench/bench.h"
#include "core/dispatch.h"

int main(int count, char** arguments) {
  bool json = false;
  double seconds = 0.3;
  std::vector<std::string> names;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(arguments[i], "--seconds") == 0 && i + 1 < count) {
      seconds = std::atof(arguments[++i]);
    } else {
      names.emplace_back(arguments[i]);
    }
  }
  if (names.empty()) names = ember::bench_names();
  try {
    bool first = true;
    if (json) std::printf("{\"simd\": \"%s\", \"rows\": [", ember::simd_name(ember::simd_level()));
    for (const std::string& name : names) {
      for (const ember::BenchRow& row : ember::bench(name, seconds)) {
        if (json) {
          std::printf(
              "%s\n{\"group\": \"%s\", \"what\": \"%s\", \"threads\": %d, \"figure\": %.6g, \"unit\": \"%s\"",
              first ? "" : ",", name.c_str(), row.what.c_str(), row.threads, row.figure, row.unit.c_str());
          if (row.limit > 0) {
            std::printf(", \"limit\": %.6g, \"limit_name\": \"%s\", \"ratio\": %.4g", row.limit,
                        row.limit_name.c_str(), row.ratio());
          }
          std::printf("}");
        } else {
          std::printf("%-52s %2d %s %10.4g %-10s", row.what.c_str(), row.threads,
                      row.threads == 1 ? "thread " : "threads", row.figure, row.unit.c_str());
          if (row.limit > 0)
            std::printf(" %5.1f%% of %.4g (%s)", 100.0 * row.ratio(), row.limit, row.limit_name.c_str());
          std::printf("\n");
        }
        std::fflush(stdout);
        first = false;
      }
    }
    if (json) std::printf("\n]}\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
