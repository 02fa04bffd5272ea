#include "rollout/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "core/checked.h"
#include "core/threads.h"
#include "envs/environment_info.h"
#include "include/ember_env.h"
#include "rollout/cost.h"
#include "rollout/rollout.h"
#include "rollout/work_space.h"

namespace ember {
namespace {

constexpr int leaf_directions = 16;

void check_custom(const ember_env& env) {
  const std::string name = env.name ? env.name : "custom environment";
  if (env.abi_version != EMBER_ENV_ABI) {
    refuse(name + ": abi_version: got " + std::to_string(env.abi_version) + ", wanted " +
           std::to_string(EMBER_ENV_ABI));
  }
  constexpr std::size_t least = offsetof(ember_env, open);  // what the first version had
  if (env.struct_size < least) {
    refuse(name + ": struct_size: got " + std::to_string(env.struct_size) + ", wanted at least " +
           std::to_string(least));
  }
  checked_int(name + ": state_size", env.state_size, 0, 1 << 30);
  checked_int(name + ": observation_size", env.observation_size, 1, 1 << 20);
  checked_int(name + ": action_size", env.action_size, 1, 1 << 20);
  checked_int(name + ": max_steps", env.max_steps, 1, 1 << 30);
  if (!env.reset || !env.step) refuse(name + ": reset and step must not be null");
}

// The whole struct, checked: what a plugin's own is too small to hold is zero.
ember_env whole(const ember_env& env) {
  check_custom(env);
  ember_env copy{};
  std::memcpy(&copy, &env, std::min<std::size_t>(env.struct_size, sizeof copy));
  const std::string name = copy.name ? copy.name : "custom environment";
  if (!copy.open != !copy.close) refuse(name + ": open and close come together");
  if (copy.one_at_a_time && !copy.open) refuse(name + ": one_at_a_time needs open");
  return copy;
}

}  // namespace

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

struct Evaluator::Impl {
  Problem problem;
  const ember_env custom;  // zeros where the environment is built in
  const SimdLevel level;
  const RolloutKernels& table;
  CompiledPolicy policy;
  RolloutPlan plan{};
  std::unique_ptr<LowRankPolicy> low_rank;  // of the population under way
  std::vector<double> constants;
  std::vector<float> low, high;
  std::string env_name;
  std::vector<Scratch> scratch;
  Gate gate;
  std::unique_ptr<Team> team;
  int begun = 0;
  std::atomic<double> usual_steps;  // of an episode, from the last evaluation
  struct Situation {
    int members;
    double steps;
    AtHand threads;
    bool low_rank;
    bool operator==(const Situation& other) const {
      return members == other.members && steps == other.steps && threads == other.threads &&
             low_rank == other.low_rank;
    }
  } chosen_for{-1, 0.0, AtHand::none, false};
  Choice choice{};

  std::vector<double> returns, sums;
  std::vector<std::int32_t> lengths;
  std::vector<std::uint8_t> failed;

  explicit Impl(Problem p)
      : problem(std::move(p)),
        custom(problem.custom ? whole(*problem.custom) : ember_env{}),
        level(custom.one_at_a_time ? simd_level_between_other_work() : simd_level()),
        table(kernels<RolloutKernels>(level)),
        policy(problem.policy, table.lanes) {
    plan.policy = policy.plan();
    if (problem.custom) {
      use_custom(custom);
      // Its state is not the loop's to move from lane to lane.
      problem.simulated = custom.one_at_a_time != 0;
      if (problem.simulated) problem.layout = Layout::units;
    } else {
      use_builtin();
    }
    const int wanted = plan.discrete ? discrete_choices : plan.actions;
    if (plan.policy.inputs != plan.observations) {
      refuse("policy: takes " + std::to_string(plan.policy.inputs) + " observation values, but " + env_name +
             " gives " + std::to_string(plan.observations));
    }
    if (plan.policy.outputs != wanted) {
      refuse("policy: gives " + std::to_string(plan.policy.outputs) + " outputs, but " + env_name + " has " +
             std::to_string(wanted) + (plan.discrete ? " actions to choose from" : " action values"));
    }
    if (problem.episodes < 1)
      refuse("episodes: got " + std::to_string(problem.episodes) + ", wanted 1 or more");
    if (problem.max_steps < 0)
      refuse("max_steps: got " + std::to_string(problem.max_steps) + ", wanted 0 or more");
    if (problem.frame_skip < 1)
      refuse("frame_skip: got " + std::to_string(problem.frame_skip) + ", wanted 1 or more");
    checked_int("threads", problem.threads, 0, most_threads);
    if (problem.normalize && !(problem.observation_clip > 0.0f))
      refuse("observation_clip: wanted more than 0");
    if (problem.max_steps > 0) plan.max_steps = problem.max_steps;
    plan.episodes = problem.episodes;
    plan.frame_skip = problem.frame_skip;
    plan.normalize = problem.normalize;
    plan.rank_last = problem.rank_last;
    plan.observation_clip = problem.observation_clip;
    if (!plan.discrete && problem.clip_actions && !low.empty()) {
      plan.action_low = low.data();
      plan.action_high = high.data();
    }
    // A turn of the loop costs some 100 ns and what the weights cost; look at the clock about once a
    // millisecond.
    const double turn = 100e-9 + 0.1e-9 * static_cast<double>(plan.policy.parameters) * table.lanes;
    plan.poll_interval = static_cast<int>(std::fmax(1.0, std::fmin(4096.0, 1e-3 / turn)));
    usual_steps = plan.max_steps;
  }

  int discrete_choices = 0;

  void use_custom(const ember_env& env) {
    env_name = env.name ? env.name : "the custom environment";
    plan.environment = -1;
    plan.custom = &env;
    plan.observations = static_cast<int>(env.observation_size);
    plan.discrete = env.discrete != 0;
    plan.actions = plan.discrete ? 1 : static_cast<int>(env.action_size);
    discrete_choices = static_cast<int>(env.action_size);
    plan.max_steps = static_cast<int>(env.max_steps);
    if (!env.action_low && !env.action_high) return;
    for (std::uint32_t i = 0; i < env.action_size; ++i) {
      low.push_back(env.action_low ? env.action_low[i] : -INFINITY);
      high.push_back(env.action_high ? env.action_high[i] : INFINITY);
    }
  }

  void use_builtin() {
    const std::vector<EnvironmentInfo>& all = builtin_environments();
    std::string known;
    for (std::size_t n = 0; n < all.size(); ++n) {
      known += (n ? ", " : "") + all[n].name;
      if (all[n].name != problem.env) continue;
      const EnvironmentInfo& info = all[n];
      env_name = info.name;
      plan.environment = static_cast<int>(n);
      plan.observations = info.observations;
      plan.discrete = info.discrete;
      plan.actions = info.discrete ? 1 : info.actions;
      discrete_choices = info.actions;
      plan.max_steps = info.max_steps;
      low = info.action_low;
      high = info.action_high;
      constants = info.parameter_defaults;
      if (problem.env_parameters.size() > constants.size()) {
        refuse("env_parameters: got " + std::to_string(problem.env_parameters.size()) + " numbers, but " +
               info.name + " has " + std::to_string(constants.size()));
      }
      for (std::size_t i = 0; i < problem.env_parameters.size(); ++i) {
        if (!std::isfinite(problem.env_parameters[i])) {
          refuse("env_parameters: " + info.parameter_names[i] + " is not a finite number");
        }
        constants[i] = problem.env_parameters[i];
      }
      plan.constants = constants.data();
      return;
    }
    refuse("env: '" + problem.env + "' is not a built-in environment; there are " + known);
  }

  void check(const Population& population) const {
    checked_int("directions", population.directions, 0, most_directions);
    checked_int("first_direction", population.first_direction, 0, most_directions - population.directions);
    if (population.rows && population.antithetic) refuse("rows: explicit members cannot be antithetic");
    if (!population.rows && population.directions > 0 && !population.scale) refuse("scale: missing");
  }

  bool evaluate(const Population& population, const float* mean, const float* inverse, bool with_policy,
                const std::atomic<bool>* stop, Evaluation* out) {
    check(population);
    if (with_policy && !population.mean) refuse("mean: missing");
    if (plan.normalize && (!mean || !inverse)) refuse("observation statistics: missing");
    static_assert(sizeof(std::atomic<bool>) == sizeof(bool), "kernels read the flag as a plain byte");
    const int members = population.members();
    // The episodes of one policy are long where they cannot share lanes: each thread takes some.
    plan.by_episode = custom.one_at_a_time && population.rows && members == 1 && !with_policy;
    const int summed = plan.by_episode ? plan.episodes : members;
    const std::size_t rows =
        checked_count("episodes of all members", {std::int64_t{members} + 1, plan.episodes}, 2 * (8 + 4 + 1));
    const std::size_t observed = checked_count("observation sums of all members",
                                               {plan.normalize ? summed : 0, 2, plan.observations}, 8);
    returns.resize(rows);
    lengths.resize(rows);
    failed.resize(rows);
    sums.assign(observed, 0.0);
    std::int64_t next = 0, error = -1;
    low_rank.reset();
    if (population.perturbation && !population.rows) {
      low_rank = std::make_unique<LowRankPolicy>(plan.policy, *population.perturbation, population.mean,
                                                 table.lanes);
    }
    plan.low_rank = low_rank ? low_rank->plan() : LowRankPlan{};
    plan.population = population;
    plan.observation_mean = mean;
    plan.observation_inverse_deviation = inverse;
    plan.with_policy = with_policy;
    plan.members = members;
    plan.units = plan.by_episode ? plan.episodes : population.directions + (with_policy ? 1 : 0);
    plan.next = &next;
    plan.returns = returns.data();
    plan.lengths = lengths.data();
    plan.failed = failed.data();
    plan.sums = plan.normalize ? sums.data() : nullptr;
    plan.stop = reinterpret_cast<const bool*>(stop);
    plan.error = &error;

    const int evaluated = plan.by_episode ? plan.episodes : members + (with_policy ? 1 : 0);
    if (evaluated > 0) {
      const Situation now{evaluated, plan.by_episode ? usual_steps / plan.episodes : usual_steps.load(),
                          team         ? AtHand::team
                          : begun != 0 ? AtHand::none_yet
                                       : AtHand::none,
                          low_rank != nullptr};
      if (!(now == chosen_for)) {
        choice = choose(plan.policy, problem, table.lanes, evaluated, now.steps, now.threads,
                        low_rank ? population.perturbation : nullptr);
        if (plan.custom && custom.one_at_a_time) choice.groups = 1;
        chosen_for = now;
      }
      run(choice);
    }
    if (error >= 0)
      throw EvaluationError(env_name + ": the environment reported an error", error, population.generation);
    if (stop && stop->load(std::memory_order_relaxed)) return false;
    collect(population, with_policy, out);
    return true;
  }

  void run(const Choice& choice) {
    plan.alone = choice.threads == 1;
    const std::size_t bytes = table.scratch(plan, static_cast<int>(choice.layout), choice.groups);
    if (scratch.size() < static_cast<std::size_t>(choice.threads))
      scratch.resize(static_cast<std::size_t>(choice.threads));
    for (int t = 0; t < choice.threads; ++t) scratch[static_cast<std::size_t>(t)].reserve(bytes);
    const auto work = [&](int index) {
      const RolloutWorker worker{index, choice.groups, scratch[static_cast<std::size_t>(index)].memory.get()};
      table.run(plan, static_cast<int>(choice.layout), worker);
    };
    if (choice.threads == 1) {
      work(0);
      return;
    }
    if (!team || team->size() < choice.threads) team = std::make_unique<Team>(choice.threads);
    team->run(choice.threads, work);
    if (begun == 0) team.reset();
  }

  void collect(const Population& population, bool with_policy, Evaluation* out) {
    const auto members = static_cast<std::size_t>(plan.members),
               episodes = static_cast<std::size_t>(plan.episodes);
    const std::size_t count = members * episodes;
    out->fitness.resize(members);
    out->returns.assign(returns.begin(), returns.begin() + static_cast<std::ptrdiff_t>(count));
    out->lengths.assign(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(count));
    out->failed.assign(failed.begin(), failed.begin() + static_cast<std::ptrdiff_t>(count));
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
    if (with_policy) {
      for (std::size_t at = count; at < count + episodes; ++at) {
        out->policy_returns.push_back(failed[at] ? -INFINITY : returns[at]);
        out->policy_lengths.push_back(lengths[at]);
        out->steps += lengths[at];
      }
    }
    const std::size_t played = count + (with_policy ? episodes : 0);
    if (played > 0)
      usual_steps = std::fmax(1.0, static_cast<double>(out->steps) / static_cast<double>(played));
    collect_observations(population, out);
  }

  void collect_observations(const Population& population, Evaluation* out) {
    if (!plan.normalize) {
      out->leaves.clear();
      return;
    }
    const auto width = static_cast<std::size_t>(plan.observations);
    const int per_direction = population.antithetic ? 2 : 1;
    out->leaves.resize(
        static_cast<std::size_t>((population.directions + leaf_directions - 1) / leaf_directions));
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
            lengths[static_cast<std::size_t>(m) * static_cast<std::size_t>(plan.episodes) +
                    static_cast<std::size_t>(e)];
        leaf.count += static_cast<double>((std::int64_t{length} + plan.frame_skip - 1) / plan.frame_skip);
      }
      double* from = sums.data() + static_cast<std::size_t>(m) * 2 * width;
      const std::size_t apart = plan.by_episode ? sums.size() : 0;
      for (std::size_t i = 2 * width; i < apart; ++i) from[i % (2 * width)] += from[i];
      for (std::size_t i = 0; i < width; ++i) {
        leaf.sum[i] += from[i];
        leaf.sum_of_squares[i] += from[width + i];
      }
    }
  }

  std::string explain(int directions, bool antithetic, const PerturbationPlan* perturbation) const {
    const int members = checked_int("directions", directions, 0, most_directions) * (antithetic ? 2 : 1) + 1;
    const Choice choice =
        choose(plan.policy, problem, table.lanes, members, usual_steps, AtHand::team, perturbation);
    std::string text = std::string("native, ") + simd_name(level) + ": " + env_name + ", " +
                       layout_name(choice.layout) + (perturbation ? " over shared weights, low rank" : "") +
                       (problem.layout == Layout::automatic || problem.simulated ? "" : " (as asked)") +
                       ", " + std::to_string(choice.threads) + (choice.threads == 1 ? " thread" : " threads");
    char cost[160];
    std::snprintf(cost, sizeof cost, "; predicted %.0f cycles a step", choice.cost.cycles_per_step);
    text += cost;
    for (Layout layout : {Layout::members, Layout::episodes, Layout::units}) {
      if (layout == choice.layout || perturbation || problem.simulated) continue;
      const Cost other = predict(plan.policy, table.lanes, problem.episodes, members, layout);
      std::snprintf(cost, sizeof cost, ", %s %.0f", layout_name(layout), other.cycles_per_step);
      text += cost;
    }
    return text;
  }
};

Evaluator::Evaluator(Problem problem) : impl_(new Impl(std::move(problem))) {}
Evaluator::~Evaluator() = default;
const Problem& Evaluator::problem() const { return impl_->problem; }

bool Evaluator::evaluate(const Population& population, const float* observation_mean,
                         const float* observation_inverse_deviation, bool with_policy,
                         const std::atomic<bool>* stop, Evaluation* out) {
  if (!impl_->gate.enter(stop)) return false;
  const Leave leave{impl_->gate};
  return impl_->evaluate(population, observation_mean, observation_inverse_deviation, with_policy, stop, out);
}

std::string Evaluator::explain(int directions, bool antithetic, const PerturbationPlan* perturbation) const {
  return impl_->explain(directions, antithetic, perturbation);
}
void Evaluator::begin() {
  impl_->gate.enter(nullptr);
  const Leave leave{impl_->gate};
  ++impl_->begun;
}
void Evaluator::end() {
  impl_->gate.enter(nullptr);
  const Leave leave{impl_->gate};
  if (--impl_->begun == 0) impl_->team.reset();
}

}  // namespace ember
