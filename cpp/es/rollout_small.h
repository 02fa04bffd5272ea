// Small policies with members in lanes, one pass a step: observation, hidden units, action, environment and
// return of a vector of members without a walk through the general layers' buffers. Each hidden unit goes
// from its activation straight into the partial sums of the outputs. The arithmetic is that of the general
// path (rollout_kernels.cpp), operation by operation, so the bits are too.
//
// The groups of a worker are independent of each other, so while one waits for its chain of sums, tanh and
// step the processor works on the next.
#pragma once

#include "es/rollout_env.h"
#include "es/rollout_layout.h"

namespace ember {
namespace EMBER_LEVEL {

// Where an fma is one instruction. Of the twenty that SSE2 needs, the unrolled pass would be pages of code.
#if defined(EMBER_SIMD_SSE2)
constexpr bool small_policies = false;
#else
constexpr bool small_policies = true;
#endif

// One or two hidden layers with the same activation, relu or tanh; the output as it is or through tanh.
class SmallPolicy {
 public:
  explicit SmallPolicy(const RolloutPlan& plan) {
    const PolicyPlan& policy = plan.policy;
    const int count = policy.layer_count;
    if (plan.frame_skip != 1 || policy.before_count != 0 || count < 2 || count > 3) return;
    const LayerPlan* layers = policy.layers;
    if (!activation_of(layers[0], &hidden) || !activation_of(layers[count - 1], &output)) return;
    if (hidden != Activation::relu && hidden != Activation::tanh) return;
    if (output != Activation::identity && output != Activation::tanh) return;
    if (count == 3) {
      Activation second;
      if (!activation_of(layers[1], &second) || second != hidden) return;
    }
    for (int n = 0; n + 1 < count; ++n) {
      if (layers[n].outputs < 4 || layers[n].outputs > 32) return;
    }
    deep = count == 3;
    fits = true;
  }

  bool fits = false, deep = false;
  Activation hidden = Activation::identity, output = Activation::identity;

 private:
  static bool activation_of(const LayerPlan& layer, Activation* activation) {
    *activation = Activation::identity;
    if (layer.after_count == 0) return true;
    if (layer.after_count > 1 || layer.after[0].kind != (int)Elementwise::Kind::activation) return false;
    *activation = (Activation)layer.after[0].activation;
    return true;
  }
};

// A layer's biases in lanes; a layer without takes the same zeros for every unit.
struct SmallBias {
  const float* from;
  int stride;
  EMBER_INLINE SmallBias(const LayerPlan& layer, const float* weights, const float* zeros)
      : from(layer.bias < 0 ? zeros : weights + layer.bias * lanes), stride(layer.bias < 0 ? 0 : lanes) {}
  EMBER_INLINE vfloat operator()(int unit) const { return load(from + unit * stride); }
};

// The partial sums of one neuron, put together as contract "one neuron" wants.
EMBER_INLINE vfloat combine(const vfloat* s, int inputs) {
  vfloat sum = s[0];
  if (inputs > 1) sum = sum + s[1];
  if (inputs > 3) sum = sum + (s[2] + s[3]);
  if (inputs == 3) sum = sum + s[2];
  return sum;
}

// One action in every lane of a group. Leaves in the group which live lanes have ended before the time limit
// and which of all failed; returns the former.
template <class Env, Activation hidden, bool deep>
EMBER_INLINE vmask small_turn(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env,
                              Group& group) {
  constexpr int inputs = Env::observations;
  constexpr int outputs = Env::description.discrete ? Env::description.actions : Env::actions;
  alignas(64) static constexpr float zeros[lanes] = {};

  vfloat state[Env::states], x[inputs];
#pragma GCC unroll 8
  for (int i = 0; i < Env::states; ++i) state[i] = load((const float*)group.state + i * lanes);
  env.observe(state, x);
  if (plan.normalize) {
    const vfloat bound(plan.observation_clip);
#pragma GCC unroll 8
    for (int i = 0; i < inputs; ++i) {
      const vfloat mean = splat(plan.observation_mean[i]);
      const vdouble apart = to_double(x[i]) - to_double(mean);
      double *sum = group.sums + i * lanes, *squares = sum + inputs * lanes;
      store(sum, load(sum) + apart);
      store(squares, load(squares) + apart * apart);
      const vfloat scaled = (x[i] - mean) * splat(plan.observation_inverse_deviation[i]);
      x[i] = max(-bound, min(bound, scaled));
    }
  }

  const LayerPlan* layers = plan.policy.layers;
  const float* weights = group.weights;
  const LayerPlan& first = layers[0];
  const int width = first.outputs;
  const float* first_weights = weights + first.weights * lanes;
  const SmallBias first_bias(first, weights, zeros);
  const auto first_unit = [&](int j) {
    vfloat s[4] = {first_bias(j), splat(0.0f), splat(0.0f), splat(0.0f)};
#pragma GCC unroll 8
    for (int i = 0; i < inputs; ++i) {
      s[i % 4] = fma(load(first_weights + (i * width + j) * lanes), x[i], s[i % 4]);
    }
    return activate(hidden, combine(s, inputs));
  };

  const LayerPlan& last = layers[deep ? 2 : 1];
  const float* last_weights = weights + last.weights * lanes;
  const SmallBias last_bias(last, weights, zeros);
  vfloat s[outputs][4];
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) {
    s[o][0] = last_bias(o);
    s[o][1] = s[o][2] = s[o][3] = splat(0.0f);
  }
  const auto accumulate = [&](int units, auto unit) {
    const auto add = [&](int j, int k) {
      const vfloat h = unit(j + k);
#pragma GCC unroll 8
      for (int o = 0; o < outputs; ++o) {
        s[o][k] = fma(load(last_weights + ((j + k) * outputs + o) * lanes), h, s[o][k]);
      }
    };
    int j = 0;
    for (; j + 4 <= units; j += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) add(j, k);
    }
    if (j < units) add(j, 0);
    if (j + 1 < units) add(j, 1);
    if (j + 2 < units) add(j, 2);
  };
  if (deep) {
    float* h = group.a;
    for (int j = 0; j < width; ++j) store(h + j * lanes, first_unit(j));
    const LayerPlan& second = layers[1];
    const float* second_weights = weights + second.weights * lanes;
    const SmallBias second_bias(second, weights, zeros);
    const int row = second.outputs * lanes;
    accumulate(second.outputs, [&](int j) {
      const float* w = second_weights + j * lanes;
      vfloat t[4] = {second_bias(j), splat(0.0f), splat(0.0f), splat(0.0f)};
      int i = 0;
      for (; i + 4 <= width; i += 4) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k, w += row) t[k] = fma(load(w), load(h + (i + k) * lanes), t[k]);
      }
      if (i < width) t[0] = fma(load(w), load(h + i * lanes), t[0]);
      if (i + 1 < width) t[1] = fma(load(w + row), load(h + (i + 1) * lanes), t[1]);
      if (i + 2 < width) t[2] = fma(load(w + 2 * row), load(h + (i + 2) * lanes), t[2]);
      return activate(hidden, combine(t, 4));
    });
  } else {
    accumulate(width, first_unit);
  }
  vfloat out[outputs];
#pragma GCC unroll 8
  for (int o = 0; o < outputs; ++o) out[o] = combine(s[o], 4);
  if (policy.output == Activation::tanh) {
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) out[o] = tanh(out[o]);
  }

  vfloat action[Env::actions];
  vmask good = out[0] == out[0];
#pragma GCC unroll 8
  for (int o = 1; o < outputs; ++o) good &= out[o] == out[o];
  if (Env::description.discrete) {
    vfloat best = out[0], choice(0.0f);
#pragma GCC unroll 8
    for (int o = 1; o < outputs; ++o) {
      const vmask larger = out[o] > best;
      best = select(larger, out[o], best);
      choice = select(larger, splat((float)o), choice);
    }
    action[0] = choice;
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < Env::actions; ++i) {
      action[i] = out[i];
      if (plan.action_low) {
        action[i] = min(splat(plan.action_high[i]), max(splat(plan.action_low[i]), action[i]));
      }
    }
  }

  vfloat reward;
  vmask terminated;
  env.step(state, action, &reward, &terminated);
  vfloat sum = add_unless_finite(reward, vfloat(0.0f));
#pragma GCC unroll 8
  for (int i = 0; i < Env::states; ++i) {
    sum = add_unless_finite(state[i], sum);
    store((float*)group.state + i * lanes, state[i]);
  }
  const vmask failed = !(good & (sum == vfloat(0.0f)));
  group.returns += to_double(select(failed, vfloat(0.0f), reward));
  group.lost = failed;
  group.ended = group.live & (failed | terminated);
  return group.ended;
}

// Up to `turns` actions in every group; stops after the one in which an episode ends. Returns how many.
template <class Env, Activation hidden, bool deep>
int small_turns(const RolloutPlan& plan, const SmallPolicy& policy, const Env& env, Group* const* groups,
                int count, int turns) {
  const Env own = env;  // its constants, which no store through the groups can change
  for (int turn = 1; turn <= turns; ++turn) {
    vmask ended = vint(0);
    for (int g = 0; g < count; ++g) ended |= small_turn<Env, hidden, deep>(plan, policy, own, *groups[g]);
    if (any(ended)) return turn;
  }
  return turns;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
