// What the rollout kernels (rollout_kernels.cpp) are told: one generation as plain data, shared by all
// threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dispatch.h"
#include "noise/population.h"
#include "policy/low_rank_policy.h"
#include "policy/plan.h"

struct ember_env;

namespace ember {

// The direction that keys the starts of the unperturbed policy.
constexpr std::uint32_t policy_direction = 0xFFFFFFFFu;

struct RolloutPlan {
  PolicyPlan policy;
  Population population;
  LowRankPlan low_rank;  // of a population with a perturbation; else its rank is 0

  int environment;  // number in EMBER_ENVIRONMENTS, or -1: custom
  const ember_env* custom;
  const double* constants;    // of the built-in environment
  int observations, actions;  // actions: numbers handed to the environment's step
  bool discrete;
  const float *action_low, *action_high;  // (actions,) when actions are clipped, else null
  int episodes, max_steps, frame_skip;
  bool rank_last;  // an environment's error fails its episode alone

  bool normalize;
  float observation_clip;
  const float *observation_mean, *observation_inverse_deviation;

  // Work is handed out by unit: the unperturbed policy first if asked for, then one direction each; or, of
  // one member with output units in lanes, one episode each.
  bool with_policy, by_episode;
  int members;  // the unperturbed policy is member number `members`
  std::int64_t units;
  std::int64_t* next;  // counter of units, atomic unless `alone`
  bool alone;          // one worker takes all of them

  double* returns;  // (members + 1, episodes) raw
  std::int32_t* lengths;
  std::uint8_t* failed;
  // (members, 2, observations) observation sums, zeroed, or (episodes, 2, observations) by episode; null unless
  // normalize.
  double* sums;

  const bool* stop;     // atomic; may be null
  std::int64_t* error;  // atomic, -1: the member whose environment reported an error
  int poll_interval;    // loop turns between looks at the clock
};

// One thread's part.
struct RolloutWorker {
  int index;     // 0: the calling thread, which polls
  int groups;    // vectors of lanes in flight, of output units members: 1 .. max_groups
  void* memory;  // `scratch` bytes, aligned to 64
};

constexpr int max_groups = 4;
constexpr int most_units_slots = max_groups;  // members side by side with output units in lanes

struct RolloutKernels {
  int lanes;
  // Bytes of work space for a worker with that many groups, by Layout.
  std::size_t (*scratch)(const RolloutPlan& plan, int layout, int groups);
  // Takes units until there are none; layout is a Layout other than automatic.
  void (*run)(const RolloutPlan& plan, int layout, const RolloutWorker& worker);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(RolloutKernels)
