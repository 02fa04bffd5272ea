#include "envs/builtin.h"
#include "rollout/small/small.h"

// Nothing where no policy takes this path (rollout/small/parts.h).
#if !defined(EMBER_SIMD_SSE2)

namespace ember {
namespace EMBER_LEVEL {
namespace {

// One group after the other: with two hidden layers, or tanh in one, there is enough to do in each to keep the
// processor busy.
template <class Env, Activation hidden, bool deep>
EMBER_INLINE int turns_of(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env,
                          Group* const* groups, int count, int turns) {
  const Env own = env;  // its constants, which no store through the groups can change
  const LayerPlan* layers = plan.policy.layers;
  for (int turn = 1; turn <= turns; ++turn) {
    vmask ended = vint(0);
    for (int g = 0; g < count; ++g) {
      Group& group = *groups[g];
      const SmallLayer first(layers[0], group.weights), last(layers[deep ? 2 : 1], group.weights);
      vfloat state[Env::states], x[Env::observations], out[small_outputs<Env>];
      load_state<Env>(group, state);
      own.observe(state, x);
      small_count(plan, Env::observations, x, group);
      small_normalize(plan, Env::observations, x);
      const auto unit = [&](int j) EMBER_INLINE_LAMBDA {
        return small_unit<Env::observations, hidden>(first, x, j);
      };
      SmallSums<small_outputs<Env>> sums;
      sums.begin(last);
      if (deep) {
        const SmallLayer second(layers[1], group.weights);
        float* h = group.a;
        for (int j = 0; j < first.outputs; ++j) store(h + j * lanes, unit(j));
        sums.add(last, 0, second.outputs,
                 [&](int j) EMBER_INLINE_LAMBDA { return small_second_unit<hidden>(second, h, j); });
      } else {
        sums.add(last, 0, first.outputs, unit);
      }
      sums.finish(policy.output, out);
      vfloat action[Env::actions], reward;
      vmask terminated;
      const vmask spoiled = small_act<Env>(plan, policy, out, action);
      own.step(state, action, &reward, &terminated);
      small_settle<Env>(spoiled, terminated, reward, state, group);
      ended |= group.ended;
      store_state<Env>(state, group);
    }
    if (any(ended)) return turn;
  }
  return turns;
}

}  // namespace

template <class Env>
int small_turns(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env, Group* const* groups,
                int count, int turns) {
  if (policy.hidden == Activation::relu) {
    return (policy.deep ? turns_of<Env, Activation::relu, true>
                        : turns_of<Env, Activation::relu, false>)(plan, policy, env, groups, count, turns);
  }
  return (policy.deep ? turns_of<Env, Activation::tanh, true>
                      : turns_of<Env, Activation::tanh, false>)(plan, policy, env, groups, count, turns);
}

#define EMBER_SMALL(Name)                                                                                   \
  template int small_turns(const RolloutPlan&, const SmallPolicy&, const Name<vfloat>&, Group* const*, int, \
                           int);
EMBER_ENVIRONMENTS(EMBER_SMALL)
#undef EMBER_SMALL

}  // namespace EMBER_LEVEL
}  // namespace ember

#endif
