#include "rollout/evaluate.h"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <stdexcept>

#include "core/checked.h"
#include "core/threads.h"
#include "envs/environment_info.h"
#include "rollout/collect.h"
#include "rollout/cost.h"
#include "rollout/custom.h"
#include "rollout/rollout.h"
#include "rollout/work_space.h"

namespace ember {

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
    collect(plan, problem, out);
    const double played = static_cast<double>(plan.episodes) * (members + (with_policy ? 1 : 0));
    if (played > 0.0) usual_steps = std::fmax(1.0, static_cast<double>(out->steps) / played);
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
    team->run_with_help(choice.threads, work);
    if (begun == 0) team.reset();
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
