#include "rollout/collect.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace ember {
namespace {

constexpr int leaf_directions = 16;

void collect_observations(const RolloutPlan& plan, Evaluation* out) {
  if (!plan.normalize) {
    out->leaves.clear();
    return;
  }
  const auto width = static_cast<std::size_t>(plan.observations);
  const int per_direction = plan.population.antithetic ? 2 : 1;
  out->leaves.resize(
      static_cast<std::size_t>((plan.population.directions + leaf_directions - 1) / leaf_directions));
  for (ObservationSums& leaf : out->leaves) {
    leaf.count = 0.0;
    leaf.sum.assign(width, 0.0);
    leaf.sum_of_squares.assign(width, 0.0);
  }
  for (int m = 0; m < plan.members; ++m) {
    if (plan.rank_last && out->fitness[static_cast<std::size_t>(m)] == -INFINITY) continue;
    ObservationSums& leaf = out->leaves[static_cast<std::size_t>(m / per_direction / leaf_directions)];
    for (int e = 0; e < plan.episodes; ++e) {
      const std::int32_t length =
          plan.lengths[static_cast<std::size_t>(m) * static_cast<std::size_t>(plan.episodes) +
                       static_cast<std::size_t>(e)];
      leaf.count += static_cast<double>((std::int64_t{length} + plan.frame_skip - 1) / plan.frame_skip);
    }
    double* from = plan.sums + static_cast<std::size_t>(m) * 2 * width;
    const std::size_t apart = plan.by_episode ? static_cast<std::size_t>(plan.episodes) * 2 * width : 0;
    for (std::size_t i = 2 * width; i < apart; ++i) from[i % (2 * width)] += from[i];
    for (std::size_t i = 0; i < width; ++i) {
      leaf.sum[i] += from[i];
      leaf.sum_of_squares[i] += from[width + i];
    }
  }
}

}  // namespace

void collect(const RolloutPlan& plan, const Problem& problem, Evaluation* out) {
  const auto members = static_cast<std::size_t>(plan.members),
             episodes = static_cast<std::size_t>(plan.episodes);
  const std::size_t count = members * episodes;
  out->fitness.resize(members);
  const double* returns = plan.returns;
  const std::int32_t* lengths = plan.lengths;
  const std::uint8_t* failed = plan.failed;
  out->returns.assign(returns, returns + count);
  out->lengths.assign(lengths, lengths + count);
  out->failed.assign(failed, failed + count);
  out->steps = 0;
  for (std::size_t m = 0; m < members; ++m) {
    double sum = 0.0;
    bool lost = false;
    for (std::size_t at = m * episodes; at < (m + 1) * episodes; ++at) {
      sum += problem.reward_scale * (returns[at] - problem.reward_offset * lengths[at]);
      lost |= failed[at] != 0;
      out->steps += lengths[at];
    }
    out->fitness[m] = lost ? -INFINITY : sum / static_cast<double>(episodes);
  }
  out->policy_returns.clear();
  out->policy_lengths.clear();
  if (plan.with_policy) {
    for (std::size_t at = count; at < count + episodes; ++at) {
      out->policy_returns.push_back(failed[at] ? -INFINITY : returns[at]);
      out->policy_lengths.push_back(lengths[at]);
      out->steps += lengths[at];
    }
  }
  collect_observations(plan, out);
}

ObservationSums combine_leaves(const std::vector<ObservationSums>& leaves) {
  std::vector<ObservationSums> level = leaves;
  while (level.size() > 1) {
    std::vector<ObservationSums> next;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      next.push_back(std::move(level[i]));
      if (i + 1 == level.size()) break;
      const ObservationSums& right = level[i + 1];
      next.back().count += right.count;
      for (std::size_t j = 0; j < right.sum.size(); ++j) {
        next.back().sum[j] += right.sum[j];
        next.back().sum_of_squares[j] += right.sum_of_squares[j];
      }
    }
    level = std::move(next);
  }
  return level.empty() ? ObservationSums{} : std::move(level.front());
}

}  // namespace ember
