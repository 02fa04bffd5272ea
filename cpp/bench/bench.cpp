#include "bench/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>

#include "bench/bench_table.h"
#include "core/threads.h"
#include "envs/environment_info.h"
#include "include/ember_env.h"
#include "noise/noise_sum.h"
#include "noise/noise_table.h"
#include "rollout/evaluate.h"
#include "run/run.h"

namespace ember {
namespace {

using Work = std::function<double()>;  // does a piece of work and returns how much it was

volatile float sink;

// Seconds.
double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Units of work a second: the median of at least 5 runs.
double rate(const Work& work, double seconds) {
  work();
  std::vector<double> rates;
  const double until = now() + seconds;
  while (rates.size() < 5 || now() < until) {
    const double start = now(), done = work();
    rates.push_back(done / (now() - start));
  }
  std::nth_element(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2), rates.end());
  return rates[rates.size() / 2];
}

// The same work on every thread of a team at once.
Work on_all(int threads, const std::function<double(int)>& work) {
  const auto team = std::make_shared<Team>(threads);
  return [team, work, threads] {
    std::vector<double> done(static_cast<std::size_t>(threads));
    team->run(threads, [&](int index) { done[static_cast<std::size_t>(index)] = work(index); });
    double sum = 0.0;
    for (double d : done) sum += d;
    return sum;
  };
}

std::vector<int> thread_counts() {
  const int all = available_threads();
  return all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
}

const BenchKernels& table() { return kernels<BenchKernels>(); }

double fma_limit(int threads, double seconds) {  // flop/s
  return rate(on_all(threads,
                     [](int) {
                       constexpr std::int64_t rounds = 400000;
                       sink = table().fma(rounds);
                       return static_cast<double>(rounds) * 12.0 * 2.0 * table().lanes;
                     }),
              seconds);
}

double read_limit(int threads, double seconds) {  // bytes/s from memory
  constexpr std::int64_t count = std::int64_t{1} << 26;
  const std::vector<float> data(count, 1.0f);
  const std::int64_t share = count / threads;
  return rate(on_all(threads,
                     [&](int index) {
                       sink = table().read(data.data() + index * share, share);
                       return 4.0 * static_cast<double>(share);
                     }),
              seconds);
}

Policy mlp(const std::vector<int>& widths, Activation hidden, bool last) {
  Policy policy;
  policy.inputs = widths.front();
  policy.outputs = widths.back();
  for (std::size_t n = 0; n + 1 < widths.size(); ++n) {
    Layer layer{widths[n], widths[n + 1], policy.parameters, -1, {}};
    layer.bias_offset = layer.weight_offset + static_cast<std::int64_t>(layer.inputs) * layer.outputs;
    policy.parameters = layer.bias_offset + layer.outputs;
    if (n + 2 < widths.size()) layer.after = {{Elementwise::Kind::activation, hidden, {}}};
    if (n + 2 == widths.size() && last) layer.after = {{Elementwise::Kind::activation, Activation::tanh, {}}};
    policy.layers.push_back(layer);
  }
  return policy;
}

double flops(const Policy& policy) {
  double sum = 0.0;
  for (const Layer& layer : policy.layers) sum += 2.0 * layer.inputs * layer.outputs;
  return sum;
}

// N(0, 1 / inputs) weights by the keyed noise, biases zero.
std::vector<float> weights(const Policy& policy) {
  std::vector<float> theta(static_cast<std::size_t>(policy.parameters), 0.0f);
  kernels<NoiseKernels>().fill(Stream(static_cast<std::uint32_t>(Purpose::init), 0, 0, 0), 0,
                               policy.parameters, theta.data());
  for (const Layer& layer : policy.layers) {
    const float deviation = 1.0f / std::sqrt(static_cast<float>(layer.inputs));
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(layer.inputs) * layer.outputs; ++i) {
      theta[static_cast<std::size_t>(layer.weight_offset + i)] *= deviation;
    }
    for (int o = 0; o < layer.outputs; ++o) theta[static_cast<std::size_t>(layer.bias_offset + o)] = 0.0f;
  }
  return theta;
}

// ------------------------------------------------------------------------------------------------- groups

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

// The synthetic environment of the comparisons (bench_kernels.cpp): 17 numbers and 6 actions.
struct Linear {
  static constexpr int size = 17, actions = 6;
  static constexpr int width = 32;  // rows of the matrix and states, padded to whole vectors
  float matrix[actions][width];

  static void reset(void*, std::int32_t lanes, void* states, const std::uint64_t* seeds,
                    float* observations) {
    for (std::int32_t n = 0; n < lanes; ++n) {
      std::uint64_t seed = seeds[n];
      float* state = static_cast<float*>(states) + n * width;
      for (int i = 0; i < size; ++i) state[i] = 2.0f * ember_uniform(&seed) - 1.0f;
      std::memcpy(observations + n * size, state, sizeof(float) * size);
    }
  }
};

double steps_per_second(const Problem& problem, int directions, float sigma, double seconds) {
  Evaluator evaluator(problem);
  const std::vector<float> theta = weights(problem.policy);
  Population population;
  population.mean = theta.data();
  population.scale = &sigma;
  population.directions = directions;
  Evaluation evaluation;
  evaluator.begin();
  const double figure = rate(
      [&] {
        evaluator.evaluate(population, nullptr, nullptr, false, nullptr, &evaluation);
        return static_cast<double>(evaluation.steps);
      },
      seconds);
  evaluator.end();
  return figure;
}

void rollouts(std::vector<BenchRow>& rows, double seconds) {
  Linear linear{};
  kernels<NoiseKernels>().fill(Stream(0, 5, 0, 0), 0, Linear::actions * Linear::width, &linear.matrix[0][0]);
  for (auto& row : linear.matrix) {
    for (float& value : row) value *= 0.1f;
  }
  ember_env env{};
  env.abi_version = EMBER_ENV_ABI;
  env.struct_size = sizeof env;
  env.name = "linear 17 x 6";
  env.state_size = sizeof(float) * Linear::width;
  env.observation_size = Linear::size;
  env.action_size = Linear::actions;
  env.max_steps = 1000;
  env.context = &linear.matrix[0][0];
  env.reset = Linear::reset;
  env.step = table().linear_step;
  Problem balancing;
  balancing.env = "CartPole-v1";
  // Bounds that no episode reaches, so that all of them have 500 steps.
  balancing.env_parameters = {9.8, 1.0, 0.1, 0.5, 10.0, 0.02, 1e6, 1e6};
  balancing.policy = mlp({4, 64, 64, 2}, Activation::tanh, false);
  Problem linear_task;
  linear_task.custom = &env;
  linear_task.policy = mlp({17, 64, 64, 6}, Activation::tanh, true);
  struct Task {
    const char* name;
    Problem problem;
    int directions;
  };
  std::vector<Task> tasks{{"CartPole-v1, MLP 4-64-64-2 tanh, population 256", balancing, 128},
                          {"linear task, MLP 17-64-64-6 tanh, population 1024", linear_task, 512}};
  for (Task& task : tasks) {
    for (int threads : thread_counts()) {
      task.problem.threads = threads;
      const double figure = steps_per_second(task.problem, task.directions, 0.02f, seconds);
      const double limit = fma_limit(threads, seconds) / flops(task.problem.policy);
      rows.push_back({task.name, figure / 1e6, "M steps/s", limit / 1e6, "fma", threads});
    }
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

// The seed notebook's training, whose time is that of one dependent chain; the limit is what its
// multiplications would take with every lane full.
void training(std::vector<BenchRow>& rows, double seconds) {
  constexpr int generations = 200, pairs = 10, steps = 100;
  Problem problem;
  problem.env = "Simple1D-v0";
  problem.policy = mlp({1, 16, 1}, Activation::relu, true);
  problem.threads = 1;
  Evaluator evaluator(problem);
  const std::vector<float> theta(static_cast<std::size_t>(problem.policy.parameters), 0.0f);
  const double trainings = rate(
      [&] {
        Options adam({{"learning_rate", 0.01},
                      {"beta1", 0.9},
                      {"beta2", 0.999},
                      {"eps", 1e-8},
                      {"weight_decay", 0.0}});
        Options options({{"directions", static_cast<double>(pairs)},
                         {"sigma", 0.1},
                         {"antithetic", 1.0},
                         {"shaping", std::string("raw")},
                         {"sigma_decay", 1.0},
                         {"learning_rate_decay", 1.0},
                         {"weight_decay", 0.0}});
        const auto strategy = make_strategy("openai_es", options, make_optimizer("adam", adam));
        strategy->start(theta.data(), problem.policy.parameters, 0);
        RunOptions plan;
        plan.generations = generations;
        RunLog log;
        run(evaluator, *strategy, nullptr, plan, nullptr, &log);
        return 1.0;
      },
      seconds);
  const double limit =
      generations * (2.0 * pairs + 1.0) * steps * flops(problem.policy) / fma_limit(1, seconds);
  rows.push_back(
      {"Simple1D-v0, MLP 1-16-1, 200 generations of 21", 1e3 / trainings, "ms", 1e3 * limit, "fma"});
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
                            {"rollouts", rollouts},
                            {"update", update},
                            {"training", training}};

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
