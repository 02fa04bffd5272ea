// Prints a checksum of training for each environment, size of policy, layout and number of threads, so that
// processors and SIMD levels can be compared: check_levels.sh beside this file does. Fifty generations of a small
// policy, three of one whose layers are several blocks of vectors at every level.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "core/dispatch.h"
#include "run/run.h"

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

Policy mlp(const std::vector<int>& widths, bool last) {
  Policy policy;
  policy.inputs = widths.front();
  policy.outputs = widths.back();
  for (std::size_t n = 0; n + 1 < widths.size(); ++n) {
    Layer layer;
    layer.inputs = widths[n];
    layer.outputs = widths[n + 1];
    layer.weight_offset = policy.parameters;
    layer.bias_offset = policy.parameters + static_cast<std::int64_t>(layer.inputs) * layer.outputs;
    if (last || n + 2 < widths.size()) layer.after = {{Elementwise::Kind::activation, Activation::tanh, {}}};
    policy.parameters = layer.bias_offset + layer.outputs;
    policy.layers.push_back(layer);
  }
  return policy;
}

std::uint64_t train(const std::string& env, bool large, Layout layout, int threads) {
  Problem problem;
  problem.env = env;
  const bool continuous = env == "Pendulum-v1";
  const std::vector<int> small_widths = continuous ? std::vector<int>{3, 8, 1} : std::vector<int>{4, 8, 2};
  const std::vector<int> large_widths =
      continuous ? std::vector<int>{3, 40, 72, 1} : std::vector<int>{4, 40, 72, 2};
  problem.policy = mlp(large ? large_widths : small_widths, continuous);
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
  plan.generations = large ? 3 : 50;
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
      for (bool large : {false, true}) {
        for (Layout layout : {Layout::members, Layout::episodes, Layout::units}) {
          for (int threads : {1, 2, 3, 8})
            std::printf("%s %s %016llx\n", env, large ? "large" : "small",
                        static_cast<unsigned long long>(train(env, large, layout, threads)));
        }
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
