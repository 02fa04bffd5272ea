#include "es/cost.h"

#include <algorithm>
#include <cmath>

#include "core/threads.h"

namespace ember {
namespace {

// Cycles of a vector instruction mix, fitted to measurements on AVX2 (benchmarks/layouts.py compares).
constexpr double fma_vector = 0.55;        // weights in the first-level cache
constexpr double fma_streamed = 1.0;       // weights from the second level
constexpr double activation_vector = 9.0;  // tanh
constexpr double step_vector = 70.0;       // environment and bookkeeping of a vector of episodes
constexpr double first_level_bytes = 24.0 * 1024;
constexpr double normal = 4.0;  // of noise
constexpr double cycles_per_second = 3.0e9;

double ceil_div(double a, double b) { return std::ceil(a / b); }

}  // namespace

Cost predict(const PolicyPlan& policy, int lanes, int episodes, int members, Layout layout) {
  double multiplications = 0, outputs = 0, unit_vectors = 0, unit_multiplications = 0, depth = 0;
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    const double vectors = ceil_div(layer.outputs, lanes);
    multiplications += static_cast<double>(layer.inputs) * layer.outputs;
    outputs += layer.after_count > 0 ? layer.outputs : 0;
    unit_vectors += layer.after_count > 0 ? vectors : 0;
    unit_multiplications += layer.inputs * std::max(vectors, 2.0);
    depth += 30.0 + layer.inputs;  // the latency of one neuron, which one episode at a time has to wait for
  }
  const double bytes = 4.0 * static_cast<double>(policy.parameters);
  Cost cost{0, normal * static_cast<double>(policy.parameters)};
  switch (layout) {
    case Layout::units: {
      const double fma = bytes > first_level_bytes ? fma_streamed : fma_vector;
      cost.cycles_per_step =
          unit_multiplications * fma + unit_vectors * activation_vector + depth + step_vector;
      break;
    }
    case Layout::episodes: {
      const double vectors = ceil_div(episodes, lanes);
      cost.cycles_per_step =
          vectors / episodes *
          (multiplications * fma_vector * 1.1 + outputs * activation_vector + step_vector + depth / vectors);
      break;
    }
    default: {
      const double vectors = ceil_div(members, lanes);
      const double fma = bytes * lanes > first_level_bytes ? fma_streamed : fma_vector * 1.3;
      cost.cycles_per_step =
          vectors / members * (multiplications * fma + outputs * activation_vector + step_vector);
      cost.cycles_per_member += static_cast<double>(policy.parameters);
      break;
    }
  }
  return cost;
}

Choice choose(const PolicyPlan& policy, const Problem& problem, int lanes, int members, double steps,
              bool team_exists) {
  Choice best{};
  double least = INFINITY;
  for (Layout layout : {Layout::members, Layout::episodes, Layout::units}) {
    if (problem.layout != Layout::automatic && problem.layout != layout) continue;
    const Cost cost = predict(policy, lanes, problem.episodes, members, layout);
    const double total = cost.cycles_per_member + cost.cycles_per_step * steps * problem.episodes;
    if (total < least) {
      least = total;
      best = {layout, 1, 1, cost};
    }
  }
  const double seconds = least * members / cycles_per_second;
  // Waking a thread that sleeps takes some 30 us, starting one some 30 us more.
  const double worth = team_exists ? 40e-6 : 150e-6;
  // Asking the system for its cores takes longer than a small generation.
  const int most = seconds <= worth ? 1 : problem.threads > 0 ? problem.threads : available_threads();
  if (most > 1) best.threads = static_cast<int>(std::min<double>(most, 1.0 + seconds / worth));
  const bool by_member = best.layout == Layout::members;
  const int share = (members + best.threads - 1) / best.threads;
  if (by_member && best.threads > 1 && share < lanes)
    best.threads = std::max(1, (members + lanes - 1) / lanes);
  if (!by_member) best.threads = std::min(best.threads, members);
  const double in_flight =
      by_member ? ceil_div(ceil_div(members, best.threads), lanes) : ceil_div(problem.episodes, lanes);
  best.groups = best.layout == Layout::units ? 1 : static_cast<int>(std::min<double>(max_groups, in_flight));
  return best;
}

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::members:
      return "members in lanes";
    case Layout::episodes:
      return "episodes in lanes";
    case Layout::units:
      return "output units in lanes";
    default:
      return "automatic";
  }
}

}  // namespace ember
