// The core for a web page: what JavaScript calls to train one policy on a built-in environment and to watch it.
// build.sh beside this file compiles it; docs/browser/page.js calls it.
//
// A training is described call by call (begin, layer, option, ...), with the numbers that docs/browser/settings.py
// takes from the presets of the Python package, so that they stand in one place. One training at a time.
#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "envs/environment_info.h"
#include "gym/vector_env.h"
#include "noise/noise_table.h"
#include "policy/forward.h"
#include "run/run.h"

#define EMBER_PAGE extern "C" __attribute__((used, visibility("default")))

using namespace ember;

namespace {

struct Training {
  Problem problem;
  std::uint64_t seed = 0;
  std::int64_t generations = 0;
  std::string strategy_name, optimizer_name;
  std::map<std::string, Options::Value> strategy_options, optimizer_options;
  std::vector<float> first_scales;  // of each layer's weights; the first biases are zero

  std::unique_ptr<Evaluator> evaluator;
  std::unique_ptr<Strategy> strategy;
  std::unique_ptr<ObservationStatistics> statistics;
  RunLog log;

  std::unique_ptr<VectorEnv> stage;  // of the episode that is watched
  std::vector<float> observation;
  std::vector<double> state;
};

std::unique_ptr<Training> training;
std::string failure;

template <class Work>
int guarded(Work work) {
  try {
    work();
    return 1;
  } catch (const std::exception& error) {
    failure = error.what();
    return 0;
  }
}

// python/ember_ml/policy/trained.py, MLPPolicy.initial.
std::vector<float> first_parameters(const Training& t) {
  const Policy& policy = t.problem.policy;
  std::vector<float> normals(static_cast<std::size_t>(policy.parameters)), theta(normals.size(), 0.0f);
  const Stream stream(static_cast<std::uint32_t>(Purpose::init), t.seed, 0, 0);
  kernels<NoiseKernels>().fill(stream, 0, policy.parameters, normals.data());
  for (std::size_t l = 0; l < policy.layers.size(); ++l) {
    const Layer& layer = policy.layers[l];
    const std::int64_t first = layer.weight_offset, end = first + std::int64_t{layer.inputs} * layer.outputs;
    for (std::int64_t i = first; i < end; ++i) theta[i] = normals[i] * t.first_scales[l];
  }
  return theta;
}

}  // namespace

EMBER_PAGE const char* ember_failure() { return failure.c_str(); }

EMBER_PAGE void ember_begin(const char* env, const char* strategy, const char* optimizer, int episodes,
                            int generations, int normalize, int clip_actions) {
  training = std::make_unique<Training>();
  Training& t = *training;
  t.problem.env = env;
  t.problem.episodes = episodes;
  t.problem.normalize = normalize != 0;
  t.problem.clip_actions = clip_actions != 0;
  t.problem.threads = 1;
  t.strategy_name = strategy;
  t.optimizer_name = optimizer;
  t.generations = generations;
}

// `bias` is -1 for a layer without one.
EMBER_PAGE void ember_layer(int inputs, int outputs, int weight, int bias, int activation,
                            float first_scale) {
  Policy& policy = training->problem.policy;
  Layer layer{inputs, outputs, weight, bias, {}};
  if (activation != 0) {
    layer.after.push_back({Elementwise::Kind::activation, static_cast<Activation>(activation), {}});
  }
  if (policy.layers.empty()) policy.inputs = inputs;
  policy.outputs = outputs;
  policy.parameters = std::max<std::int64_t>(policy.parameters, weight + std::int64_t{inputs} * outputs);
  policy.parameters = std::max<std::int64_t>(policy.parameters, bias + outputs);
  policy.layers.push_back(std::move(layer));
  training->first_scales.push_back(first_scale);
}

// Of the strategy, or of its optimiser; a text where `text` is not empty.
EMBER_PAGE void ember_option(int of_optimizer, const char* name, double number, const char* text) {
  auto& options = of_optimizer ? training->optimizer_options : training->strategy_options;
  options[name] = *text != '\0' ? Options::Value(std::string(text)) : Options::Value(number);
}

EMBER_PAGE int ember_start(std::uint32_t seed) {
  return guarded([&] {
    Training& t = *training;
    t.seed = seed;
    t.evaluator = std::make_unique<Evaluator>(t.problem);
    std::unique_ptr<Optimizer> optimizer;
    if (!t.optimizer_name.empty()) {
      optimizer = make_optimizer(t.optimizer_name, Options(t.optimizer_options));
    }
    t.strategy = make_strategy(t.strategy_name, Options(t.strategy_options), std::move(optimizer));
    t.strategy->start(first_parameters(t).data(), t.problem.policy.parameters, seed);
    t.strategy->plan(t.generations);
    if (t.problem.normalize) t.statistics = std::make_unique<ObservationStatistics>(t.problem.policy.inputs);
  });
}

// Trains up to `generations` more, within the plan. Returns how many are done, or -1.
EMBER_PAGE int ember_run(int generations) {
  Training& t = *training;
  const bool good = guarded([&] {
    RunOptions options;
    options.generations = std::min<std::int64_t>(generations, t.generations - t.log.generations);
    if (options.generations > 0) run(*t.evaluator, *t.strategy, t.statistics.get(), options, nullptr, &t.log);
  });
  return good ? static_cast<int>(t.log.generations) : -1;
}

EMBER_PAGE double ember_policy_return(int generation) { return training->log.rows[generation].policy_return; }
EMBER_PAGE double ember_steps() { return static_cast<double>(training->log.steps); }
EMBER_PAGE int ember_parameters() { return static_cast<int>(training->problem.policy.parameters); }
EMBER_PAGE const float* ember_theta() { return training->strategy->mean().data(); }

// Begins an episode to watch.
EMBER_PAGE int ember_watch(std::uint32_t start) {
  return guarded([&] {
    Training& t = *training;
    const auto& known = builtin_environments();
    const auto info = std::find_if(known.begin(), known.end(),
                                   [&](const auto& each) { return each.name == t.problem.env; });
    t.stage = std::make_unique<VectorEnv>(t.problem.env, 1, info->max_steps, Autoreset::disabled,
                                          std::vector<std::pair<std::string, double>>{}, false);
    t.observation.resize(t.stage->observations());
    t.state.resize(t.stage->states());
    t.stage->seed(0, {start});
    t.stage->reset(nullptr, nullptr, t.observation.data());
  });
}

// One step of that episode by the policy as it is now. Returns 1 while it goes on, 0 at its end, -1 for an error.
EMBER_PAGE int ember_watch_step() {
  bool ended = false;
  const bool good = guarded([&] {
    Training& t = *training;
    const Policy& policy = t.problem.policy;
    std::vector<float> seen = t.observation, output(policy.outputs), mean, inverse;
    if (t.statistics) {
      t.statistics->freeze(&mean, &inverse);
      const float clip = t.problem.observation_clip;
      for (std::size_t i = 0; i < seen.size(); ++i)
        seen[i] = std::clamp((seen[i] - mean[i]) * inverse[i], -clip, clip);
    }
    const std::int64_t member = 0;
    forward_members(policy, t.strategy->mean().data(), &member, 1, seen.data(), nullptr, output.data());
    double reward;
    bool terminated, truncated;
    const VectorStep out{t.observation.data(), &reward, &terminated, &truncated, nullptr};
    if (t.stage->choices() > 0) {
      const std::int64_t action = std::max_element(output.begin(), output.end()) - output.begin();
      t.stage->step(&action, out);
    } else {
      t.stage->step(output.data(), out);
    }
    ended = terminated || truncated;
  });
  return !good ? -1 : ended ? 0 : 1;
}

// The state of that episode, as the environment's header in cpp/envs orders it.
EMBER_PAGE const double* ember_state() {
  training->stage->get_state(training->state.data());
  return training->state.data();
}
