#include "envs/builtin.h"
#include "rollout/small/small.h"

// Nothing where no policy takes this path (rollout/small/parts.h).
#if !defined(EMBER_SIMD_SSE2)

namespace ember {
namespace EMBER_LEVEL {
namespace {

// One hidden layer of relu units, G groups. A group alone is one long chain of output sums,
// tanh and step; the next group's units are computed in the midst of it, in program order, because the
// processor does not look far enough ahead to find them (measured: 126 cycles a turn for three groups with
// 16 units, 200 one after the other).
template <class Env, int G>
int turns_of(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env, Group* const* groups,
             int turns) {
  const Env own = env;
  const LayerPlan* layers = plan.policy.layers;
  const int units = layers[0].outputs, half = units / 8 * 4;
  vfloat state[G][Env::states], seen[G][Env::observations];
  SmallSums<small_outputs<Env>> sums[G];
  SmallLayer first[G], last[G];
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) {
    load_state<Env>(*groups[g], state[g]);
    first[g] = SmallLayer(layers[0], groups[g]->weights);
    last[g] = SmallLayer(layers[1], groups[g]->weights);
  }
  // A turn is settled (small_settle) only if something may have ended in it; until then its rewards wait.
  vfloat reward[G], watch(0.0f);
  vmask spoiled[G], terminated[G], over = vint(0);
  // The units of one group. Between their halves and after them comes what is left to do of another's turn;
  // the observation is counted there, because the units may belong to a turn that is never taken.
  const auto slot = [&](int g, auto between, auto after) EMBER_INLINE_LAMBDA {
    vfloat x[Env::observations], observed[Env::observations];
    own.observe(state[g], observed);
#pragma GCC unroll 8
    for (int i = 0; i < Env::observations; ++i) x[i] = observed[i];
    small_normalize(plan, Env::observations, x);
    const auto unit = [&](int j) EMBER_INLINE_LAMBDA {
      return small_unit<Env::observations, Activation::relu>(first[g], x, j);
    };
    SmallSums<small_outputs<Env>> of_units;
    of_units.begin(last[g]);
    of_units.template add<true>(last[g], 0, half, unit);
    between();
    of_units.add(last[g], half, units, unit);
    after();
    sums[g] = of_units;
#pragma GCC unroll 8
    for (int i = 0; i < Env::observations; ++i) seen[g][i] = observed[i];
  };
  const auto slot_within = [&](int g, int other) EMBER_INLINE_LAMBDA {
    vfloat out[small_outputs<Env>];
    slot(
        g, [&]() EMBER_INLINE_LAMBDA { sums[other].finish(policy.output, out); },
        [&]() EMBER_INLINE_LAMBDA {
          small_count(plan, Env::observations, seen[other], *groups[other]);
          Group& group = *groups[other];
          group.returns += to_double(reward[other]);
          vfloat action[Env::actions];
          spoiled[other] = small_act<Env>(plan, policy, out, action);
          own.step(state[other], action, &reward[other], &terminated[other]);
          watch = add_unless_finite(reward[other], watch);
#pragma GCC unroll 8
          for (int i = 0; i < Env::states; ++i) watch = add_unless_finite(state[other][i], watch);
          over |= group.live & (spoiled[other] | terminated[other]);
        });
  };
  slot(0, []() EMBER_INLINE_LAMBDA {}, []() EMBER_INLINE_LAMBDA {});
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) reward[g] = vfloat(0.0f);
  int turn = 0;
  bool ended = false;
  do {
#pragma GCC unroll 4
    for (int g = 1; g < G; ++g) slot_within(g, g - 1);
    slot_within(0, G - 1);  // of the next turn
    ++turn;
    if (turn < turns && !any(over | (watch != vfloat(0.0f)))) continue;
    over = vint(0);
    watch = vfloat(0.0f);
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) {
      small_settle<Env>(spoiled[g], terminated[g], reward[g], state[g], *groups[g]);
      reward[g] = vfloat(0.0f);
      ended |= any(groups[g]->ended);
    }
  } while (turn < turns && !ended);
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) store_state<Env>(state[g], *groups[g]);
  return turn;
}

}  // namespace

template <class Env>
int small_turns_together(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env,
                         Group* const* groups, int count, int turns) {
  if constexpr (most_together > 2) {
    if (count == 3) return turns_of<Env, 3>(plan, policy, env, groups, turns);
  }
  return turns_of<Env, 2>(plan, policy, env, groups, turns);
}

#define EMBER_SMALL(Name)                                                                        \
  template int small_turns_together(const RolloutPlan&, const SmallPolicy&, const Name<vfloat>&, \
                                    Group* const*, int, int);
EMBER_ENVIRONMENTS(EMBER_SMALL)
#undef EMBER_SMALL

}  // namespace EMBER_LEVEL
}  // namespace ember

#endif
