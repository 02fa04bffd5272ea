// What a rollout is expected to cost: chooses the layout and the number of threads. Never changes a result.
#pragma once

#include "rollout/evaluate.h"
#include "rollout/rollout.h"

namespace ember {

struct Cost {
  double cycles_per_step;    // of one environment with its policy, on one thread
  double cycles_per_member;  // noise and placing the weights
};

// `lanes_used`: of the lanes in flight, how many work (episodes layout with few episodes, small populations).
Cost predict(const PolicyPlan& policy, int lanes, int episodes, int members, Layout layout);
// With noise of low rank: members in lanes over shared weights, whatever the layout.
Cost predict_low_rank(const PolicyPlan& policy, const PerturbationPlan& perturbation, int lanes, int members);

struct Choice {
  Layout layout;
  int threads;
  int groups;  // in flight on each thread: vectors, or with output units in lanes members
  Cost cost;
};

// Threads at hand: none, and those started go with this evaluation; none, but those started stay for the
// evaluations that follow; a team that waits.
enum class AtHand { none, none_yet, team };

// `steps`: environment steps expected in an episode. `perturbation`: of the population, or null.
Choice choose(const PolicyPlan& policy, const Problem& problem, int lanes, int members, double steps,
              AtHand threads, const PerturbationPlan* perturbation);

const char* layout_name(Layout layout);

}  // namespace ember
