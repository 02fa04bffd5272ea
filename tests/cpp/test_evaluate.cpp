// Rollouts under the sanitizers: every environment, layout and number of threads gives the same numbers; a
// user's environment is never stepped after its end; teams start, work, throw and leave. Prints what fails;
// exit status 1 then.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/poll.h"
#include "core/threads.h"
#include "envs/environment_info.h"
#include "include/ember_env.h"
#include "rollout/evaluate.h"

using namespace ember;

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what.c_str());
  ++failures;
}

Policy mlp(const std::vector<int>& widths, Activation activation) {
  Policy policy;
  policy.inputs = widths.front();
  policy.outputs = widths.back();
  for (std::size_t n = 0; n + 1 < widths.size(); ++n) {
    Layer layer{widths[n], widths[n + 1], policy.parameters, -1, {}};
    policy.parameters += static_cast<std::int64_t>(layer.inputs) * layer.outputs;
    if (n % 2 == 0) {  // every other layer has a bias
      layer.bias_offset = policy.parameters;
      policy.parameters += layer.outputs;
    }
    if (n + 2 < widths.size()) layer.after = {{Elementwise::Kind::activation, activation, {}}};
    policy.layers.push_back(layer);
  }
  policy.before = {{Elementwise::Kind::scale, Activation::identity, {0.5f}}};
  return policy;
}

struct Run {
  Problem problem;
  std::vector<float> mean, center, inverse;
  Population population;

  explicit Run(Problem p) : problem(std::move(p)) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    for (std::int64_t i = 0; i < problem.policy.parameters; ++i) mean.push_back(0.5f * normal(generator));
    for (int i = 0; i < problem.policy.inputs; ++i) {
      center.push_back(0.1f * normal(generator));
      inverse.push_back(1.3f);
    }
    static const float scale = 0.3f;
    population.mean = mean.data();
    population.scale = &scale;
    population.seed = 7;
    population.generation = 3;
    population.directions = 19;
  }

  Evaluation operator()(Layout layout, int threads) {
    problem.layout = layout;
    problem.threads = threads;
    Evaluator evaluator(problem);
    Evaluation evaluation;
    evaluator.begin();
    for (int again = 0; again < 2; ++again) {  // the second call finds threads and memory in place
      expect(evaluator.evaluate(population, center.data(), inverse.data(), true, nullptr, &evaluation),
             "ends");
    }
    evaluator.end();
    return evaluation;
  }
};

bool same(const Evaluation& a, const Evaluation& b) {
  bool equal = a.returns == b.returns && a.lengths == b.lengths && a.failed == b.failed &&
               a.fitness == b.fitness && a.policy_returns == b.policy_returns && a.steps == b.steps &&
               a.leaves.size() == b.leaves.size();
  for (std::size_t i = 0; equal && i < a.leaves.size(); ++i) {
    equal = a.leaves[i].count == b.leaves[i].count && a.leaves[i].sum == b.leaves[i].sum &&
            a.leaves[i].sum_of_squares == b.leaves[i].sum_of_squares;
  }
  return equal;
}

void compare(const Problem& problem, const std::string& name) {
  Run run(problem);
  const Evaluation first = run(Layout::members, 1);
  for (Layout layout : {Layout::members, Layout::episodes, Layout::units, Layout::automatic}) {
    for (int threads : {1, 3}) {
      expect(same(first, run(layout, threads)), name + ", layout " +
                                                    std::to_string(static_cast<int>(layout)) + ", " +
                                                    std::to_string(threads) + " threads");
    }
  }
}

void built_in_environments() {
  for (const EnvironmentInfo& info : builtin_environments()) {
    for (int episodes : {1, 5}) {
      Problem problem;
      problem.env = info.name;
      problem.policy = mlp({info.observations, 11, 5, info.actions}, Activation::tanh);
      problem.normalize = true;
      problem.episodes = episodes;
      problem.max_steps = 25;
      problem.frame_skip = episodes == 5 ? 2 : 1;
      compare(problem, info.name + ", " + std::to_string(episodes) + " episodes");
    }
  }
}

// Counts down from a start drawn from the seed; being stepped after the end is an error, reaching 13 a
// failure.
struct Countdown {
  std::int32_t left;
  float position;
};

void countdown_reset(void*, std::int32_t lanes, void* states, const std::uint64_t* seeds,
                     float* observations) {
  for (std::int32_t i = 0; i < lanes; ++i) {
    std::uint64_t seed = seeds[i];
    Countdown state{1 + static_cast<std::int32_t>(20.0f * ember_uniform(&seed)), ember_uniform(&seed)};
    std::memcpy(static_cast<char*>(states) + static_cast<std::size_t>(i) * sizeof state, &state,
                sizeof state);
    observations[2 * i] = state.position;
    observations[2 * i + 1] = static_cast<float>(state.left);
  }
}

void countdown_step(void* context, std::int32_t lanes, void* states, const float* actions,
                    float* observations, float* rewards, std::uint8_t* flags) {
  for (std::int32_t i = 0; i < lanes; ++i) {
    Countdown state;
    char* at = static_cast<char*>(states) + static_cast<std::size_t>(i) * sizeof state;
    std::memcpy(&state, at, sizeof state);
    const bool over = state.left <= 0;
    --state.left;
    state.position += actions[i];
    std::memcpy(at, &state, sizeof state);
    observations[2 * i] = state.position;
    observations[2 * i + 1] = static_cast<float>(state.left);
    rewards[i] = state.left == 13 ? NAN : state.position;
    flags[i] = over || context ? EMBER_ERROR : state.left == 0 ? EMBER_TERMINATED : 0;
  }
}

void custom_environments() {
  ember_env env{};
  env.abi_version = EMBER_ENV_ABI;
  env.struct_size = sizeof env;
  env.name = "countdown";
  env.state_size = sizeof(Countdown);
  env.observation_size = 2;
  env.action_size = 1;
  env.max_steps = 15;
  env.reset = countdown_reset;
  env.step = countdown_step;
  Problem problem;
  problem.custom = &env;
  problem.policy = mlp({2, 20, 1}, Activation::relu);
  problem.normalize = true;
  for (int episodes : {1, 4}) {
    problem.episodes = episodes;
    compare(problem, "countdown, " + std::to_string(episodes) + " episodes");
  }
  Run several(problem);
  const Evaluation evaluation = several(Layout::members, 1);
  bool any = false, ranked = true;
  for (std::size_t m = 0; m < evaluation.fitness.size(); ++m) {
    bool lost = false;
    for (int e = 0; e < 4; ++e) lost |= evaluation.failed[4 * m + static_cast<std::size_t>(e)] != 0;
    any |= lost;
    ranked &= lost == std::isinf(evaluation.fitness[m]);
  }
  expect(any && ranked, "episodes whose reward is not a number are failed and rank last");

  int error = 1;
  env.context = &error;
  bool thrown = false;
  try {
    Run broken(problem);
    broken(Layout::episodes, 3);
  } catch (const EvaluationError& caught) {
    thrown = caught.generation == 3 && caught.member >= 0;
  }
  expect(thrown, "an error of the environment arrives");
}

void shards() {
  Problem problem;
  problem.env = "CartPole-v1";
  problem.policy = mlp({4, 16, 2}, Activation::relu);
  problem.normalize = true;
  Run run(problem);
  run.population.directions = 48;
  const Evaluation whole = run(Layout::automatic, 1);
  run.population.first_direction = 16;
  run.population.directions = 32;
  const Evaluation part = run(Layout::automatic, 1);
  expect(std::equal(part.returns.begin(), part.returns.end(), whole.returns.begin() + 32),
         "a shard's returns");
  expect(part.leaves.size() == 2 && part.leaves[0].sum == whole.leaves[1].sum, "a shard's leaves");
}

void stopping() {
  Problem problem;
  problem.env = "Acrobot-v1";
  problem.policy = mlp({6, 32, 3}, Activation::tanh);
  problem.episodes = 200;
  problem.threads = 2;
  Run run(problem);
  run.population.directions = 2000;
  Evaluator evaluator(run.problem);
  std::atomic<bool> stop{false};
  std::thread waiter([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    stop = true;
  });
  Evaluation evaluation;
  expect(!evaluator.evaluate(run.population, nullptr, nullptr, false, &stop, &evaluation), "stops when told");
  waiter.join();
}

void teams() {
  Team team(4);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> sum{0};
    team.run(4, [&](int index) { sum += index; });
    expect(sum == 6, "a round of a team");
  }
  // From a common store, with everyone or with those that come in time; the store is gone when the round has ended.
  for (int round = 0; round < 3000; ++round) {
    std::atomic<int> left{round % 60}, taken{0};
    const auto take = [&](int) {
      while (left.fetch_sub(1) > 0) ++taken;
    };
    if (round % 5 == 0) {
      team.run(4, take);
    } else {
      team.run_with_help(4, take);
    }
    expect(taken == round % 60, "a round with help takes everything once");
  }
  bool thrown = false;
  try {
    team.run(4, [](int index) {
      if (index == 2) throw std::runtime_error("two");
    });
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  expect(thrown, "an exception of a member arrives");
  int polled = 0;
  poll_hook() = {[](void* count) { ++*static_cast<int*>(count); }, &polled};
  team.run(2, [](int index) {
    if (index == 1) std::this_thread::sleep_for(std::chrono::milliseconds(150));
  });
  poll_hook() = {};
  expect(polled > 0, "the caller polls while it waits");
}

void several_at_once() {
  Problem problem;
  problem.env = "Pendulum-v1";
  problem.policy = mlp({3, 8, 1}, Activation::sigmoid);
  problem.max_steps = 20;
  Run run(problem);
  const Evaluation expected = run(Layout::automatic, 1);
  std::vector<std::thread> threads;
  std::atomic<int> equal{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Run own(problem);
      equal += same(expected, own(Layout::members, 2));
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect(equal == 3, "evaluators in several threads at once");
}

void refusals() {
  const auto refused = [](Problem problem, const std::string& word) {
    try {
      const Evaluator evaluator(problem);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what()).find(word) != std::string::npos;
    }
    return false;
  };
  Problem good;
  good.env = "CartPole-v1";
  good.policy = mlp({4, 3, 2}, Activation::tanh);
  Problem bad = good;
  bad.env = "CartPole-v9";
  expect(refused(bad, "CartPole-v9"), "an unknown environment");
  bad = good;
  bad.policy = mlp({5, 3, 2}, Activation::tanh);
  expect(refused(bad, "policy: takes 5"), "a wrong width");
  bad = good;
  bad.policy.layers[1].weight_offset = 1000;
  expect(refused(bad, "layers[1].weight_offset"), "an offset beyond the end");
  bad = good;
  bad.episodes = 0;
  expect(refused(bad, "episodes"), "no episodes");
}

}  // namespace

int main() {
  built_in_environments();
  custom_environments();
  shards();
  stopping();
  teams();
  several_at_once();
  refusals();
  std::printf(failures ? "%d failed\n" : "all passed\n", failures);
  return failures != 0;
}
