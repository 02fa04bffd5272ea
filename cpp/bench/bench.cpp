#include "bench/bench.h"

#include <memory>
#include <stdexcept>

#include "bench/bench_table.h"
#include "bench/measure.h"
#include "bench/trainings.h"
#include "envs/environment_info.h"
#include "noise/noise_sum.h"
#include "noise/noise_table.h"
#include "rollout/evaluate.h"

namespace ember {

using namespace measuring;

namespace {

void limits(std::vector<BenchRow>& rows, double seconds) {
  for (int threads : thread_counts())
    rows.push_back({"fused multiply-add", fma_limit(threads, seconds) / 1e9, "GFLOP/s", 0.0, "", threads});
  for (int threads : thread_counts())
    rows.push_back({"memory read", read_limit(threads, seconds) / 1e9, "GB/s", 0.0, "", threads});
}

void noise(std::vector<BenchRow>& rows, double seconds) {
  std::vector<float> out(4096);
  const double figure = rate(
      [&] {
        for (std::uint32_t direction = 0; direction < 100; ++direction) {
          kernels<NoiseKernels>().fill(Stream(0, 0, 0, direction), 0, 4096, out.data());
        }
        return 409600.0;
      },
      seconds);
  rows.push_back({"normals", figure / 1e9, "G/s", read_limit(1, seconds) / 4e9, "memory"});
}

void tanh(std::vector<BenchRow>& rows, double seconds) {
  std::vector<float> x(4096, 0.5f);
  const double figure = rate(
      [&] {
        for (int n = 0; n < 100; ++n) table().tanh(x.data(), 4096);
        return 409600.0;
      },
      seconds);
  rows.push_back({"tanh", figure / 1e9, "G/s", read_limit(1, seconds) / 4e9, "memory"});
}

void forward(std::vector<BenchRow>& rows, double seconds) {
  const double limit = fma_limit(1, seconds);
  const int lanes = table().lanes;
  struct Case {
    const char* name;
    Layout layout;
    int groups;
  };
  for (int hidden : {16, 64, 128}) {
    const Policy policy = mlp({17, hidden, hidden, 6}, Activation::tanh, true);
    const CompiledPolicy compiled(policy, lanes);
    const auto size =
        static_cast<std::size_t>(policy.parameters * lanes + 2 * compiled.plan().padded_parameters);
    // On cache lines, as the work space of a rollout is.
    const auto aligned = [](std::vector<float>& values) {
      void* at = values.data();
      std::size_t space = values.size() * sizeof(float);
      return static_cast<float*>(std::align(64, space - 64, at, space));
    };
    std::vector<float> theta(size + 16, 0.01f),
        x(static_cast<std::size_t>(2 * (hidden + 17) * lanes) + 16, 0.1f), y(x);
    for (const Case& c :
         {Case{"members in lanes", Layout::members, 1}, Case{"output units in lanes", Layout::units, 1},
          Case{"episodes in lanes", Layout::episodes, 1},
          Case{"two vectors of episodes in lanes", Layout::episodes, 2}}) {
      const double episodes = c.layout == Layout::units ? 1 : c.groups * lanes;
      const double figure = rate(
          [&] {
            for (int n = 0; n < 100; ++n) {
              table().forward(compiled.plan(), static_cast<int>(c.layout), c.groups, aligned(theta),
                              aligned(x), aligned(y));
            }
            return 100.0 * episodes * flops(policy);
          },
          seconds);
      rows.push_back(
          {"MLP 17-" + std::to_string(hidden) + "-" + std::to_string(hidden) + "-6 tanh, " + c.name,
           figure / 1e9, "GFLOP/s", limit / 1e9, "fma"});
    }
  }
}

void environments(std::vector<BenchRow>& rows, double seconds) {
  const std::vector<EnvironmentInfo>& all = builtin_environments();
  // A step's operations, each in the place of a multiply-add.
  const double limit = fma_limit(1, seconds) / 2.0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const int vectors = 256 / table().lanes;
    const double figure = rate(
        [&] {
          sink = table().step(static_cast<int>(n), all[n].parameter_defaults.data(), vectors, 500);
          return 500.0 * vectors * table().lanes;
        },
        seconds);
    rows.push_back({all[n].name + ", 256 in lanes, float", figure / 1e6, "M steps/s",
                    limit / table().operations(static_cast<int>(n), all[n].parameter_defaults.data()) / 1e6,
                    "fma"});
  }
}

void update(std::vector<BenchRow>& rows, double seconds) {
  constexpr int directions = 512;
  constexpr std::int64_t parameters = 100000;
  std::vector<float> first(directions), sum(parameters);
  for (int k = 0; k < directions; ++k) first[static_cast<std::size_t>(k)] = static_cast<float>(k % 7) - 3.5f;
  Population population;
  population.directions = directions;
  for (int threads : thread_counts()) {
    const double figure = rate(
        [&] {
          noise_sum(population, parameters, first.data(), nullptr, threads, sum.data(), nullptr);
          return static_cast<double>(directions) * parameters;
        },
        seconds);
    rows.push_back({"noise and weighted sum, 512 x 100,000", figure / 1e9, "G/s",
                    read_limit(threads, seconds) / 4e9, "memory", threads});
  }
}

struct Group {
  const char* name;
  void (*run)(std::vector<BenchRow>& rows, double seconds);
};
constexpr Group groups[] = {{"limits", limits},
                            {"noise", noise},
                            {"tanh", tanh},
                            {"forward", forward},
                            {"environments", environments},
                            {"rollouts", bench_rollouts},
                            {"update", update},
                            {"training", bench_training}};

}  // namespace

const std::vector<std::string>& bench_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Group& group : groups) all.emplace_back(group.name);
    return all;
  }();
  return names;
}

std::vector<BenchRow> bench(const std::string& name, double seconds) {
  for (const Group& group : groups) {
    if (name != group.name) continue;
    std::vector<BenchRow> rows;
    group.run(rows, seconds);
    return rows;
  }
  std::string known;
  for (const Group& group : groups) known += std::string(known.empty() ? "" : ", ") + group.name;
  throw std::invalid_argument("bench: there is no group '" + name + "'; there are " + known);
}

}  // namespace ember
