// Prints a checksum of fifty generations of training for each environment, layout and number of threads, so
// that processors and SIMD levels can be compared: check_levels.sh beside this file does.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "core/dispatch.h"
#include "es/run.h"

using namespace ember;

namespace {

// FNV-1a over the bits.
struct Checksum {
  std::uint64_t sum = 14695981039346656037ull;
  template <class T>
  void add(const std::vector<T>& values) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
    for (std::size_t n = 0; n < values.size() * sizeof(T); ++n) sum = (sum ^ bytes[n]) * 1099511628211ull;
  }
};

Policy mlp(int inputs, int hidden, int outputs, bool last) {
  Policy policy;
  policy.inputs = inputs;
  policy.outputs = outputs;
  const std::int64_t first = static_cast<std::int64_t>(inputs) * hidden;
  const std::int64_t second = first + hidden, end = second + static_cast<std::int64_t>(hidden) * outputs;
  policy.layers = {{inputs, hidden, 0, first, {{Elementwise::Kind::activation, Activation::tanh, {}}}},
                   {hidden, outputs, second, end, {}}};
  if (last) policy.layers[1].after = {{Elementwise::Kind::activation, Activation::tanh, {}}};
  policy.parameters = end + outputs;
  return policy;
}

std::uint64_t train(const std::string& env, Layout layout, int threads) {
  Problem problem;
  problem.env = env;
  const bool continuous = env == "Pendulum-v1";
  problem.policy = continuous ? mlp(3, 8, 1, true) : mlp(4, 8, 2, false);
  problem.normalize = continuous;
  problem.episodes = 3;
  problem.max_steps = 40;
  problem.layout = layout;
  problem.threads = threads;
  Evaluator evaluator(problem);
  Options adam(
      {{"learning_rate", 0.05}, {"beta1", 0.9}, {"beta2", 0.999}, {"eps", 1e-8}, {"weight_decay", 0.0}});
  Options options({{"directions", 32.0},
                   {"sigma", 0.2},
                   {"antithetic", 1.0},
                   {"shaping", std::string("centered_rank")},
                   {"sigma_decay", 1.0},
                   {"learning_rate_decay", 1.0},
                   {"weight_decay", 0.0}});
  const auto strategy = make_strategy("openai_es", options, make_optimizer("adam", adam));
  const std::vector<float> start(static_cast<std::size_t>(problem.policy.parameters), 0.1f);
  strategy->start(start.data(), problem.policy.parameters, 7);
  ObservationStatistics statistics(problem.policy.inputs);
  RunOptions plan;
  plan.generations = 50;
  RunLog log;
  run(evaluator, *strategy, continuous ? &statistics : nullptr, plan, nullptr, &log);
  Checksum checksum;
  checksum.add(strategy->mean());
  std::vector<double> returns;
  for (const HistoryRow& row : log.rows) returns.push_back(row.policy_return);
  checksum.add(returns);
  checksum.add(statistics.mean);
  return checksum.sum;
}

}  // namespace

int main() {
  try {
    std::fprintf(stderr, "%s\n", simd_name(simd_level()));
    for (const char* env : {"CartPole-v1", "Pendulum-v1"}) {
      for (Layout layout : {Layout::members, Layout::episodes, Layout::units}) {
        for (int threads : {1, 2, 3, 8})
          std::printf("%s %016llx\n", env, static_cast<unsigned long long>(train(env, layout, threads)));
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
