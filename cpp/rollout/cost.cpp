#include "rollout/cost.h"

#include <algorithm>
#include <cmath>

#include "core/caches.h"
#include "core/threads.h"

namespace ember {
namespace {

// Of noise of low rank: a vector of members' share of a weight, and of one of their own numbers.
constexpr double shared_fma = 0.65, own_number = 2.0;
// Cycles of one thread, fitted to measurements.
struct Rates {
  // Of a fused multiply-add of whole vectors with its loads; `_streamed` and `_far` where the weights come from the
  // second level of the cache and from beyond it. A neuron of the episodes layout costs something besides.
  double unit, unit_streamed;
  double member, member_streamed, member_far;
  double episode, episode_alone, episode_output;
  double activation;                     // of a vector
  double unit_layer, unit_layer_beside;  // of a layer besides, for a member alone and beside others
  double unit_step, unit_step_beside;    // of an environment with its bookkeeping, likewise
  double step_vector;                    // of a vector of them
  double normal;
};
constexpr Rates narrow{0.52, 1.05, 1.05, 1.3,   1.75, 0.62,  0.72, 2.5,
                       6.5,  35.0, 14.0, 140.0, 60.0, 110.0, 2.6};
constexpr Rates wide{0.95, 1.5, 1.7, 1.95, 6.0, 0.7, 0.75, 2.5, 12.0, 20.0, 20.0, 140.0, 50.0, 110.0, 1.5};
const Rates& rates(int lanes) { return lanes > 8 ? wide : narrow; }

constexpr double simulated_step = 20e3;  // of a small robot's physics; a humanoid's are 30 times as many
constexpr double cycles_per_second = 3.0e9;

double ceil_div(double a, double b) { return std::ceil(a / b); }

// Threads to start for one evaluation alone, of so many seconds on one thread. With the first the evaluation
// begins and ends some 110 us later, with each further one some 30 us; to save less than a fifth is not worth
// another core.
int worth_starting(double seconds, int most) {
  constexpr double first = 110e-6, further = 30e-6;
  int best = 1;
  double least = 0.8 * seconds;
  for (int n = 2; n <= most; ++n) {
    const double taken = seconds / n + first + further * (n - 2);
    if (taken < least) {
      best = n;
      least = taken;
    }
  }
  return best;
}

// What the layout with output units in lanes reads of a member in every step, and the outputs of its widest layer.
struct UnitReading {
  double bytes;
  int outputs;
};
UnitReading unit_reading(const PolicyPlan& policy, int lanes) {
  double floats = 0;
  int outputs = 0;
  const auto add = [&](const LayerPlan& layer) {
    outputs = std::max(outputs, layer.outputs);
    const int whole = padded(layer.outputs, lanes),
              together = sums_side_by_side(layer.inputs, layer.outputs, lanes);
    floats += whole + static_cast<double>(layer.inputs) * (together > 1 ? lanes / together : whole);
  };
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    if (layer.parts) {
      add(layer.parts[0]);
      add(layer.parts[1]);
    } else {
      add(layer);
    }
  }
  return {sizeof(float) * floats, outputs};
}

// Members side by side with output units in lanes: as many as the first level of the cache holds, which the
// environment wants a part of: but two gain more by each other than they lose to it. What does not fit there comes
// from the second level anyhow, unless a member by itself finds a part of it in the first: it reads its blocks of
// outputs forwards and backwards in turn (policy/dense_units.h).
int unit_slots(const PolicyPlan& policy, int lanes, int members) {
  constexpr int one_block = 64;
  const UnitReading reading = unit_reading(policy, lanes);
  const double bytes = reading.bytes;
  if (bytes > caches().first && bytes <= 2.5 * caches().first && reading.outputs > one_block) return 1;
  const double fitting = 2.0 * bytes <= caches().first
                             ? std::max(2.0, std::floor(0.9 * caches().first / bytes))
                         : bytes <= caches().first        ? 1.0
                         : 2.0 * bytes <= caches().second ? 2.0
                                                          : 1.0;
  return static_cast<int>(std::max(1.0, std::min({fitting, 1.0 * most_units_slots, 1.0 * members})));
}

}  // namespace

Cost predict(const PolicyPlan& policy, int lanes, int episodes, int members, Layout layout) {
  const Rates& r = rates(lanes);
  double multiplications = 0, outputs = 0, activations = 0, unit_multiplications = 0, unit_activations = 0;
  int dense_layers = 0;
  const auto activate = [&](int gates, int units) {
    activations += gates * units;
    unit_activations += gates * ceil_div(units, lanes);
  };
  const auto dense = [&](const LayerPlan& layer) {
    ++dense_layers;
    const double vectors = ceil_div(layer.outputs, lanes);
    multiplications += static_cast<double>(layer.inputs) * layer.outputs;
    outputs += layer.outputs;
    unit_multiplications += layer.inputs * vectors / sums_side_by_side(layer.inputs, layer.outputs, lanes);
  };
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    if (layer.parts) {
      dense(layer.parts[0]);
      dense(layer.parts[1]);
      const int gates = gates_of(static_cast<LayerKind>(layer.kind));
      activate(gates + (gates == 4 ? 1 : 0), layer.outputs);  // and the tanh of an lstm's c
    } else {
      dense(layer);
    }
    if (layer.after_count > 0) activate(1, layer.outputs);
  }
  const double parameters = static_cast<double>(policy.parameters);
  switch (layout) {
    case Layout::units: {
      const double fma = unit_reading(policy, lanes).bytes > caches().first ? r.unit_streamed : r.unit;
      const bool beside = unit_slots(policy, lanes, members) > 1;
      return {unit_multiplications * fma + (beside ? r.unit_layer_beside : r.unit_layer) * dense_layers +
                  unit_activations * r.activation + (beside ? r.unit_step_beside : r.unit_step),
              r.normal * parameters};
    }
    case Layout::episodes: {
      const double vectors = ceil_div(episodes, lanes);
      const double fma = vectors > 1 ? r.episode : r.episode_alone;
      return {vectors / episodes *
                  (multiplications * fma + outputs * r.episode_output + activations * r.activation +
                   r.step_vector),
              r.normal * parameters};
    }
    default: {
      const double vectors = ceil_div(members, lanes), bytes = 4.0 * lanes * parameters;
      const double fma = bytes <= 0.7 * caches().first ? r.member
                         : bytes <= caches().second    ? r.member_streamed
                                                       : r.member_far;
      return {vectors / members * (multiplications * fma + activations * r.activation + r.step_vector),
              (r.normal + 1.0) * parameters};
    }
  }
}

Cost predict_low_rank(const PolicyPlan& policy, const PerturbationPlan& perturbation, int lanes,
                      int members) {
  const double vectors = ceil_div(members, lanes), own = static_cast<double>(perturbation.compact);
  const double weights = static_cast<double>(policy.parameters);
  return {vectors / members * (weights * shared_fma + own * own_number + rates(lanes).step_vector),
          (rates(lanes).normal + 1.0) * own};
}

Choice choose(const PolicyPlan& policy, const Problem& problem, int lanes, int members, double steps,
              AtHand threads, const PerturbationPlan* perturbation) {
  Choice best{};
  double least = INFINITY;
  for (Layout layout : {Layout::members, Layout::episodes, Layout::units}) {
    if (perturbation) {  // episodes share lanes with members
      if ((layout == Layout::units) != (problem.layout == Layout::units) || layout == Layout::episodes)
        continue;
    } else if (problem.layout != Layout::automatic && problem.layout != layout) {
      continue;
    }
    const Cost cost = perturbation && layout == Layout::members
                          ? predict_low_rank(policy, *perturbation, lanes, members)
                          : predict(policy, lanes, problem.episodes, members, layout);
    const double total = cost.cycles_per_member + cost.cycles_per_step * steps * problem.episodes;
    if (total < least) {
      least = total;
      best = {layout, 1, 1, cost};
    }
  }
  if (problem.simulated) least += simulated_step * steps * problem.episodes;
  const double seconds = least * members / cycles_per_second;
  // Waking a thread that sleeps takes some 30 us, starting one some 30 us more.
  const double worth = threads == AtHand::team ? 40e-6 : 150e-6;
  // Asking the system for its cores takes longer than a small generation.
  const int most = seconds <= worth ? 1 : problem.threads > 0 ? problem.threads : available_threads();
  if (most > 1) best.threads = static_cast<int>(std::min<double>(most, 1.0 + seconds / worth));
  // What a user's environment costs is not known: it may be worth its threads.
  if (threads == AtHand::none && !problem.custom) best.threads = worth_starting(seconds, best.threads);
  const bool by_member = best.layout == Layout::members;
  const int share = (members + best.threads - 1) / best.threads;
  if (by_member && best.threads > 1 && share < lanes)
    best.threads = std::max(1, (members + lanes - 1) / lanes);
  if (!by_member) best.threads = std::min(best.threads, members);
  if (best.layout == Layout::units) {
    best.groups = unit_slots(policy, lanes, (members + best.threads - 1) / best.threads);
    return best;
  }
  const double in_flight =
      by_member ? ceil_div(ceil_div(members, best.threads), lanes) : ceil_div(problem.episodes, lanes);
  // More vectors hide latency; their weights should still fit into the second level of the cache. Episodes
  // share their weights, and of them two vectors are enough (hidden 64: 129 ns a step, 154 with four).
  const double numbers = static_cast<double>(perturbation ? perturbation->compact : policy.parameters);
  const double group_bytes = by_member ? 4.0 * lanes * numbers : 0.0;
  const double fitting = by_member ? std::max(1.0, std::floor(caches().second / group_bytes)) : 2.0;
  double useful = lanes > 8 ? 2.0 : 3.0;  // rollout/small/small.h interleaves no more
  // By low rank the sums of three vectors of members fill the registers (policy/dense_low_rank.h).
  if (perturbation) useful = lanes >= 8 ? 3.0 : max_groups;
  best.groups = static_cast<int>(std::min({useful, in_flight, fitting}));
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
