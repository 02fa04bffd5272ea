#include "bench/trainings.h"

#include <cstring>

#include "bench/measure.h"
#include "include/ember_env.h"
#include "noise/noise_table.h"
#include "rollout/evaluate.h"
#include "run/run.h"

namespace ember {

using namespace measuring;

namespace {

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

}  // namespace

void bench_rollouts(std::vector<BenchRow>& rows, double seconds) {
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

// The seed notebook's training, whose time is that of one dependent chain; the limit is what its
// multiplications would take with every lane full.
void bench_training(std::vector<BenchRow>& rows, double seconds) {
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

}  // namespace ember
