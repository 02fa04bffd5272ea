// The rollout loop: the same for every environment and layout, so that all give the same bits. Compiled once per
// layout (rollout/layouts/members_kernels.cpp and its siblings), for all environments.
#pragma once

#include <type_traits>

#include "core/poll.h"
#include "envs/builtin.h"
#include "rollout/environment.h"
#include "rollout/layouts/layout.h"
#include "rollout/layouts/units.h"
#include "rollout/runs.h"
#include "rollout/small/small.h"

namespace ember {
namespace EMBER_LEVEL {

template <class Env, class Layout>
class Rollout {
 public:
  Rollout(const RolloutPlan& plan, const RolloutWorker& worker, Arena& arena)
      : plan_(plan), worker_(worker), env_(plan, arena), layout_(plan, worker.groups, arena), small_(plan) {
    Group* groups = arena.take<Group>(vectors());
    for (int g = 0; g < vectors(); ++g) {
      Group unused;
      Group& group = groups ? groups[g] : unused;
      const std::int64_t width = (std::int64_t)plan.policy.widest * lanes;
      group.observation = arena.take<float>(plan.observations * lanes);
      group.a = arena.take<float>(width);
      group.b = arena.take<float>(width);
      group.action = arena.take<float>(plan.actions * lanes);
      const std::int64_t state = Env::state_bytes(plan);
      group.state = arena.take<unsigned char>(state);
      group.memory = arena.take<float>(plan.policy.memory * lanes);
      group.gates = arena.take<float>(2 * gates_size(plan.policy));
      group.weights = arena.take<float>(Layout::group_weights(plan));
      group.sums = plan.normalize ? arena.take<double>(2 * sums_size(plan)) : nullptr;
      if (!groups) continue;
      all_[g] = &group;
      std::memset(group.state, 0, (std::size_t)state);
      std::memset(group.observation, 0, sizeof(float) * (std::size_t)plan.observations * lanes);
    }
  }

  void run() {
    while (!stopped() && layout_.begin()) {
      active_ = 0;
      for (int g = 0; g < vectors(); ++g) {
        Group& group = *all_[g];
        group.live = vint(0);
        group.live_count = 0;
        for (int lane = 0; lane < lanes; ++lane) group.member[lane] = -1;
        if (start(group)) groups_[active_++] = &group;
      }
      while (active_ > 0) {
        if (stopped()) return;
        if constexpr (units) {
          play();
        } else if (fast && small_.fits) {
          turns();
        } else {
          turn();
        }
      }
      layout_.end();
    }
  }

 private:
  static constexpr bool units =
      std::is_same_v<Layout, UnitsLayout>;  // a lane is an episode's environment alone
  static constexpr bool fast = small_policies && Env::builtin && Layout::own_weights;

  int vectors() const { return units ? 1 : worker_.groups; }

  bool stopped() {
    if (worker_.index == 0 && ++turns_ >= plan_.poll_interval) {
      turns_ = 0;
      poll();
    }
    return (plan_.stop && __atomic_load_n(plan_.stop, __ATOMIC_RELAXED)) ||
           __atomic_load_n(plan_.error, __ATOMIC_RELAXED) >= 0;
  }

  // Gives every dead lane its next episode. Returns whether any lane lives.
  bool start(Group& group) {
    for (int lane = 0; lane < lanes; ++lane) {
      if (group.live[lane]) continue;
      while (layout_.assign(group, lane)) {
        set_lane(group.live, lane, -1);
        set_lane(group.steps, lane, 0);
        set_lane(group.returns, lane, 0.0);
        ++group.live_count;
        layout_.forget(group, lane);
        if (plan_.normalize) {
          for (int i = 0; i < observations(); ++i) sum_of(group, i, lane) = square_of(group, i, lane) = 0.0;
        }
        if (env_.reset(group, lane)) break;
        finish(group, lane, true);
      }
    }
    return group.live_count > 0;
  }

  void finish(Group& group, int lane, bool failed) {
    const int member = group.member[lane], episode = group.episode[lane];
    const std::int64_t at = (std::int64_t)member * plan_.episodes + episode;
    plan_.returns[at] = group.returns[lane];
    plan_.lengths[at] = group.steps[lane];
    plan_.failed[at] = failed;
    set_lane(group.live, lane, 0);
    --group.live_count;
    if (!plan_.normalize || member >= plan_.members) return;
    const int n = observations();
    double* own = layout_.sums(episode);
    double* to = own ? own : plan_.sums + (std::int64_t)member * 2 * n;
    for (int i = 0; i < n; ++i) {
      to[i] = (own ? 0.0 : to[i]) + sum_of(group, i, lane);
      to[n + i] = (own ? 0.0 : to[n + i]) + square_of(group, i, lane);
    }
  }

  // The episodes of all slots, until one ends or it is time to look up.
  void play() {
    Group& group = *groups_[0];
    const Played played = play_units(plan_, layout_, env_, group, plan_.poll_interval);
    turns_ += played.turns;
    if (played.ended == 0) return;
    for (int s = 0; s < most_units_slots; ++s) {
      if (played.ended >> s & 1u) finish(group, s, (played.failed >> s & 1u) != 0);
    }
    if (!start(group)) active_ = 0;
  }

  // One action in every live lane.
  void turn() {
    for (int g = 0; g < active_; ++g) {
      Group& group = *groups_[g];
      env_.observe(group);
      if (plan_.normalize) count_observations(group);
      input_of(plan_, group, observations());
    }
    layout_.forward(groups_, active_);
    bool ended = false;
    for (int g = 0; g < active_; ++g) {
      act(*groups_[g]);
      for (int skip = 0; skip < plan_.frame_skip && groups_[g]->live_count > 0; ++skip)
        ended |= step(*groups_[g]);
    }
    if (ended) refill();
  }

  // Actions of a small policy in every live lane, until an episode ends or it is time to look up.
  void turns() {
    if constexpr (fast) {
      vint most = vint(0);
      for (int g = 0; g < active_; ++g)
        most = max(most, select(groups_[g]->live, groups_[g]->steps, vint(0)));
      int steps = 0;
      for (int lane = 0; lane < lanes; ++lane) steps = most[lane] > steps ? most[lane] : steps;
      const int left = plan_.max_steps - steps;
      const int taken = small_policy_turns(plan_, small_, env_.env(), groups_, active_,
                                           left < plan_.poll_interval ? left : plan_.poll_interval);
      turns_ += taken;
      bool any_ended = false;
      for (int g = 0; g < active_; ++g) {
        Group& group = *groups_[g];
        group.steps += vint(taken);
        any_ended |=
            end(group, group.ended | (group.live & (group.steps >= vint(plan_.max_steps))), group.lost);
      }
      if (any_ended) refill();
    }
  }

  void count_observations(Group& group) {
    double* squares = group.sums + sums_size(plan_);
    for (int i = 0; i < observations(); ++i) {
      const vdouble x =
          to_double(load(group.observation + i * lanes)) - vdouble((double)plan_.observation_mean[i]);
      store(group.sums + i * lanes, load(group.sums + i * lanes) + x);
      store(squares + i * lanes, load(squares + i * lanes) + x * x);
    }
  }

  EMBER_INLINE void act(Group& group) {
    const vmask good = choose_action(
        plan_, Env::actions(plan_), [&](int i) { return load(group.out + i * lanes); },
        [&](int i, vfloat x) { store(group.action + i * lanes, x); });
    group.lost = !good;
  }

  // Returns whether an episode ended.
  EMBER_INLINE bool step(Group& group) {
    vfloat reward;
    vmask terminated, finite;
    env_.step(group, &reward, &terminated, &finite);
    const vmask failed = (!finite) | group.lost;
    group.returns += to_double(select(failed, vfloat(0.0f), reward));
    group.steps += vint(1);
    return end(group, group.live & (failed | terminated | (group.steps >= vint(plan_.max_steps))), failed);
  }

  // Returns whether there was one to end.
  EMBER_INLINE bool end(Group& group, vmask done, vmask failed) {
    if (!any(done)) return false;
    for (int lane = 0; lane < lanes; ++lane) {
      if (done[lane]) finish(group, lane, failed[lane] != 0);
    }
    return true;
  }

  void refill() {
    for (int g = 0; g < active_; ++g) {
      Group& group = *groups_[g];
      if (group.live_count < lanes) start(group);
    }
    compact();
  }

  // Drops empty groups, and empties the last one where its lanes fit into the others.
  void compact() {
    int kept = 0, total = 0;
    for (int g = 0; g < active_; ++g) {
      if (groups_[g]->live_count == 0) continue;
      total += groups_[g]->live_count;
      groups_[kept++] = groups_[g];
    }
    active_ = kept;
    while (active_ > 1 && total <= (active_ - 1) * lanes) {
      int least = 0;
      for (int g = 1; g < active_; ++g) {
        if (groups_[g]->live_count < groups_[least]->live_count) least = g;
      }
      Group& from = *groups_[least];
      groups_[least] = groups_[--active_];
      int g = 0, free = 0;
      for (int lane = 0; lane < lanes; ++lane) {
        if (!from.live[lane]) continue;
        while (groups_[g]->live[free]) {
          if (++free == lanes) {
            free = 0;
            ++g;
          }
        }
        move(from, lane, *groups_[g], free);
      }
      from.live = vint(0);
      from.live_count = 0;
    }
  }

  void move(const Group& from, int lane, Group& to, int to_lane) {
    layout_.move(from, lane, to, to_lane);
    env_.move(from, lane, to, to_lane);
    for (int i = 0; i < observations(); ++i) {
      to.observation[i * lanes + to_lane] = from.observation[i * lanes + lane];
    }
    if (plan_.normalize) {
      for (int i = 0; i < observations(); ++i) {
        sum_of(to, i, to_lane) = sum_of(from, i, lane);
        square_of(to, i, to_lane) = square_of(from, i, lane);
      }
    }
    set_lane(to.returns, to_lane, from.returns[lane]);
    set_lane(to.steps, to_lane, from.steps[lane]);
    set_lane(to.live, to_lane, -1);
    ++to.live_count;
    to.member[to_lane] = from.member[lane];
    to.episode[to_lane] = from.episode[lane];
  }

  EMBER_INLINE int observations() const { return Env::observations(plan_); }
  static std::int64_t sums_size(const RolloutPlan& plan) {  // of each half
    return (std::int64_t)plan.observations * lanes;
  }
  double& sum_of(const Group& group, int i, int lane) const { return group.sums[i * lanes + lane]; }
  double& square_of(const Group& group, int i, int lane) const {
    return group.sums[sums_size(plan_) + i * lanes + lane];
  }

  const RolloutPlan& plan_;
  const RolloutWorker& worker_;
  Env env_;
  Layout layout_;
  SmallPolicy small_;
  Group* all_[max_groups] = {};
  Group* groups_[max_groups] = {};
  int active_ = 0;
  int turns_ = 0;
};

template <class Env, class Layout>
std::size_t run_one(const RolloutPlan& plan, const RolloutWorker& worker) {
  Arena arena(worker.memory);
  Rollout<Env, Layout> rollout(plan, worker, arena);
  if (worker.memory) rollout.run();
  return arena.used();
}

// run_one by the number of the environment, for each that the plan may name.
template <class Layout>
std::size_t run_layout(const RolloutPlan& plan, const RolloutWorker& worker) {
  using Runner = std::size_t (*)(const RolloutPlan&, const RolloutWorker&);
#define EMBER_RUNNER(Name) run_one<BuiltinLanes<Name>, Layout>,
  static constexpr Runner runners[] = {EMBER_ENVIRONMENTS(EMBER_RUNNER)};
#undef EMBER_RUNNER
  return plan.environment < 0 ? run_one<CustomLanes, Layout>(plan, worker)
                              : runners[plan.environment](plan, worker);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
