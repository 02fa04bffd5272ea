#include "run/run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/poll.h"
#include "run/state_digest.h"

namespace ember {
namespace {

class Threads {  // the evaluator's, for the length of a run
 public:
  explicit Threads(Evaluator& evaluator) : evaluator_(evaluator) { evaluator_.begin(); }
  ~Threads() { evaluator_.end(); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  Evaluator& evaluator_;
};

double mean_of(const double* values, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i];
  return count > 0 ? sum / (double)count : std::numeric_limits<double>::quiet_NaN();
}

// The population_* and failed fields.
void describe(const Evaluation& evaluation, std::size_t episodes, std::vector<double>* returns,
              HistoryRow* row) {
  returns->clear();
  for (std::size_t m = 0; m < evaluation.fitness.size(); ++m) {
    if (std::isfinite(evaluation.fitness[m])) {
      returns->push_back(mean_of(&evaluation.returns[m * episodes], episodes));
    } else {
      for (std::size_t e = 0; e < episodes; ++e) row->failed += evaluation.failed[m * episodes + e] != 0;
    }
  }
  row->population_mean = mean_of(returns->data(), returns->size());
  double squares = 0.0, most = -std::numeric_limits<double>::infinity();
  for (double value : *returns) {
    squares += (value - row->population_mean) * (value - row->population_mean);
    if (value > most) most = value;
  }
  const bool some = !returns->empty();
  row->population_std = some ? std::sqrt(squares / (double)returns->size()) : row->population_mean;
  row->population_max = some ? most : row->population_mean;
}

}  // namespace

void run(Evaluator& evaluator, Strategy& strategy, ObservationStatistics* statistics,
         const RunOptions& options, const std::atomic<bool>* stop, RunLog* log) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  const Problem& problem = evaluator.problem();
  if (problem.normalize != (statistics != nullptr)) {
    throw std::invalid_argument("statistics: wanted them exactly when the problem normalises observations");
  }
  if (strategy.started() && strategy.parameters() != problem.policy.parameters) {
    throw std::invalid_argument("strategy: has " + std::to_string(strategy.parameters()) +
                                " parameters, the policy has " + std::to_string(problem.policy.parameters));
  }
  if (statistics != nullptr && (int)statistics->mean.size() != problem.policy.inputs) {
    throw std::invalid_argument("statistics: of " + std::to_string(statistics->mean.size()) +
                                " values, the policy takes " + std::to_string(problem.policy.inputs));
  }
  const std::size_t episodes = (std::size_t)problem.episodes;
  Evaluation evaluation;
  std::vector<float> frozen_mean, inverse_deviation;
  std::vector<double> returns;
  const auto evaluate = [&](const Population& population, bool with_policy) {
    if (statistics != nullptr) statistics->freeze(&frozen_mean, &inverse_deviation);
    return evaluator.evaluate(population, frozen_mean.data(), inverse_deviation.data(), with_policy, stop,
                              &evaluation);
  };
  ObservationSums sums;
  const auto merge = [&] {
    if (statistics == nullptr) return;
    sums = combine_leaves(evaluation.leaves);
    statistics->merge(sums, frozen_mean);
  };

  log->end = RunLog::End::running;
  const Threads threads(evaluator);
  if (statistics != nullptr && options.warm_up && statistics->count == 0.0 && options.generations > 0) {
    Population population = strategy.population();
    population.noise_purpose = population.reset_purpose = Purpose::warmup;
    population.common_starts = options.common_starts;
    if (!evaluate(population, false)) {
      log->end = RunLog::End::stopped;
      return;
    }
    merge();
    log->warm_up_episodes = population.members() * problem.episodes;
    log->warm_up_steps = evaluation.steps;
  }

  log->rows.reserve(log->rows.size() + (std::size_t)std::min<std::int64_t>(options.generations, 1024));
  std::int64_t steps = log->warm_up_steps;
  for (std::int64_t g = 0; g < options.generations; ++g) {
    HistoryRow row;
    bool reached;
    if (log->held) {
      row = log->held->row;
      evaluation = std::move(log->held->evaluation);
      frozen_mean = std::move(log->held->frozen_mean);
      inverse_deviation = std::move(log->held->inverse_deviation);
      reached = options.confirmed;
      log->held.reset();
    } else {
      Population population = strategy.drawn_population();
      population.common_starts = options.common_starts;
      poll();
      if (log->stop || (stop != nullptr && *stop) || !evaluate(population, true)) {
        log->end = RunLog::End::stopped;
        return;
      }
      row.generation = strategy.generation();
      row.policy_return = mean_of(evaluation.policy_returns.data(), evaluation.policy_returns.size());
      row.episodes = (population.members() + 1) * problem.episodes + log->warm_up_episodes;
      row.steps = evaluation.steps + log->warm_up_steps;
      row.sigma = strategy.sigma();
      describe(evaluation, episodes, &returns, &row);
      reached = row.policy_return >= options.until;
      if (reached && options.hold) {
        log->held =
            HeldGeneration{row, std::move(evaluation), std::move(frozen_mean), std::move(inverse_deviation)};
        log->end = RunLog::End::held;
        return;
      }
    }
    if (log->candidate_generation < 0 || row.policy_return > log->candidate_return) {
      log->candidate_generation = row.generation;
      log->candidate_return = row.policy_return;
      log->candidate = strategy.mean();
      log->candidate_mean = frozen_mean;
      log->candidate_inverse_deviation = inverse_deviation;
    }
    strategy.tell(evaluation.fitness.data(), !reached);
    if (!reached) merge();
    if (log->record.wanted) {
      Record& record = log->record;
      record.fitness.insert(record.fitness.end(), evaluation.fitness.begin(), evaluation.fitness.end());
      if (statistics != nullptr) {
        if (reached) sums = combine_leaves(evaluation.leaves);  // of an update that was not made
        record.sums.push_back(sums.count);
        record.sums.insert(record.sums.end(), sums.sum.begin(), sums.sum.end());
        record.sums.insert(record.sums.end(), sums.sum_of_squares.begin(), sums.sum_of_squares.end());
      }
      record.digests.push_back(state_digest(strategy, statistics));
    }
    row.update_norm = strategy.update_norm();
    const double seconds = elapsed();
    row.wall_time = options.wall_time + seconds;
    steps += evaluation.steps;
    log->warm_up_episodes = log->warm_up_steps = 0;
    log->rows.push_back(row);
    log->steps += row.steps;
    log->policy_return = row.policy_return;
    ++log->generations;
    if (reached)
      log->end = RunLog::End::until;
    else if (seconds >= options.time_budget)
      log->end = RunLog::End::time_budget;
    else if (steps >= options.step_budget)
      log->end = RunLog::End::step_budget;
    if (log->end != RunLog::End::running) return;
  }
  log->end = RunLog::End::generations;
}

}  // namespace ember
