// Many generations in one call: evaluate, record, update.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "rollout/evaluate.h"
#include "run/observation_statistics.h"
#include "update/strategy.h"

namespace ember {

// One generation. Returns are raw, of the mean before the generation's update; population_* are over the
// members' mean returns without the failed ones, NaN if there are none.
struct HistoryRow {
  std::int64_t generation = 0;
  double policy_return = 0.0, population_mean = 0.0, population_std = 0.0, population_max = 0.0;
  std::int64_t episodes = 0, steps = 0,
               failed = 0;  // failed episodes: of the members; the others with the policy's
  double sigma = 0.0, update_norm = 0.0;
  double wall_time = 0.0;  // seconds
};

struct RunOptions {
  std::int64_t generations = 0;
  double until = std::numeric_limits<double>::infinity();  // stop at a policy_return of at least this
  double time_budget =
      std::numeric_limits<double>::infinity();  // seconds of this call, tested after a generation
  std::int64_t step_budget =
      std::numeric_limits<std::int64_t>::max();  // environment steps of this call, likewise
  double wall_time = 0.0;                        // where the clock of the history stands
  // A generation that reaches `until` is left in the log, evaluated but not finished, and the run ends: the
  // caller looks into it, and the next run with that log finishes it, by an update or, if `confirmed`, as
  // described at run().
  bool hold = false;
  bool confirmed = false;
  bool common_starts = false;
  bool warm_up = true;  // with statistics that are empty: one population first that only fills them
};

// A generation that was evaluated and waits to be finished.
struct HeldGeneration {
  HistoryRow row;
  Evaluation evaluation;
  std::vector<float> frozen_mean, inverse_deviation;
};

// What the updates of a run were made of, one generation after the other, if `wanted`: enough to make them
// again without an environment.
struct Record {
  bool wanted = false;
  std::vector<double> fitness;         // (generations, members)
  std::vector<double> sums;            // (generations, 1 + 2 inputs): count, sum, sum_of_squares; or empty
  std::vector<std::uint64_t> digests;  // (generations,) state_digest() after the update
};

// What a run has done so far. It outlives an error, so that no generation is lost. The atomics may be
// watched, and `stop` set, from another thread; the rest belongs to the run until it ends.
struct RunLog {
  enum class End : int { running, generations, until, held, time_budget, step_budget, stopped };

  std::atomic<std::int64_t> generations{0};
  std::atomic<double> policy_return{0.0};
  std::atomic<bool> stop{false};

  End end = End::running;
  std::vector<HistoryRow> rows;
  std::int64_t steps = 0;  // environment steps of the rows
  std::optional<HeldGeneration> held;
  // The mean with the highest policy_return of this run, and the statistics it ran with: a candidate for the
  // best policy, to be judged on other starts. Generation -1: none.
  std::int64_t candidate_generation = -1;
  double candidate_return = 0.0;
  std::vector<float> candidate;
  std::vector<float> candidate_mean, candidate_inverse_deviation;
  // Episodes and steps of a warm-up whose generation has not been recorded yet.
  std::int64_t warm_up_episodes = 0, warm_up_steps = 0;
  Record record;
};

// Runs until a reason to stop. `statistics` may be null when observations are not normalised. A generation
// that reaches `until` (with `hold`: and is confirmed) is recorded and counted, and changes neither the
// strategy's distribution nor the statistics: the policy left is the one that reached it. `stop` (may be null) cuts a generation short, which
// is then lost; log->stop is looked at between generations. Exceptions of the evaluation leave everything at
// the last whole generation.
void run(Evaluator& evaluator, Strategy& strategy, ObservationStatistics* statistics,
         const RunOptions& options, const std::atomic<bool>* stop, RunLog* log);

}  // namespace ember
