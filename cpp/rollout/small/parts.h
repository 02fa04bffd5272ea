// What a turn of a small policy (rollout/small/small.h) is made of: which policies are small, their layers in
// lanes, the units, the output sums that units go straight into, the action, and what a step means for an
// episode.
#pragma once

#include "policy/activation.h"
#include "rollout/environment.h"
#include "rollout/layouts/layout.h"

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
      if (layers[n].outputs < 4 || layers[n].outputs > widest) return;
    }
    deep = count == 3;
    fits = true;
    clip = plan.action_low != nullptr;
    if (output != Activation::tanh || !clip) return;
    clip = false;  // nothing is left to clip if the bounds hold all that tanh gives
    for (int i = 0; i < plan.actions; ++i) clip |= plan.action_low[i] > -1.0f || plan.action_high[i] < 1.0f;
  }

  static constexpr int widest = 32;
  bool fits = false, deep = false, clip = false;
  Activation hidden = Activation::identity, output = Activation::identity;

 private:
  static bool activation_of(const LayerPlan& layer, Activation* activation) {
    *activation = Activation::identity;
    if (layer.parts) return false;
    if (layer.after_count == 0) return true;
    if (layer.after_count > 1 || layer.after[0].kind != (int)Elementwise::Kind::activation) return false;
    *activation = (Activation)layer.after[0].activation;
    return true;
  }
};

// A layer's parameters in lanes.
struct SmallLayer {
  const float *weights, *bias;
  int inputs, outputs;
  SmallLayer() = default;
  EMBER_INLINE SmallLayer(const LayerPlan& layer, const float* theta)
      : weights(theta + layer.weights * lanes),
        bias(layer.bias < 0 ? zeros() : theta + layer.bias * lanes),
        inputs(layer.inputs),
        outputs(layer.outputs) {}
  static EMBER_INLINE const float* zeros() {  // for a layer without bias
    alignas(64) static constexpr float none[SmallPolicy::widest * lanes] = {};
    return none;
  }
};

// The partial sums of one neuron, put together as contract "one neuron" wants.
EMBER_INLINE vfloat combine(const vfloat* s, int inputs) {
  vfloat sum = s[0];
  if (inputs > 1) sum = sum + s[1];
  if (inputs > 3) sum = sum + (s[2] + s[3]);
  if (inputs == 3) sum = sum + s[2];
  return sum;
}

// What the policy sees of the observation x, in place.
EMBER_INLINE void small_normalize(const RolloutPlan& plan, int inputs, vfloat* x) {
  if (!plan.normalize) return;
  const vfloat bound(plan.observation_clip);
#pragma GCC unroll 8
  for (int i = 0; i < inputs; ++i) {
    const vfloat scaled =
        (x[i] - splat(plan.observation_mean[i])) * splat(plan.observation_inverse_deviation[i]);
    x[i] = max(-bound, min(bound, scaled));
  }
}
// Adds the observation x to the group's sums.
EMBER_INLINE void small_count(const RolloutPlan& plan, int inputs, const vfloat* x, Group& group) {
  if (!plan.normalize) return;
#pragma GCC unroll 8
  for (int i = 0; i < inputs; ++i) {
    const vdouble apart = to_double(x[i]) - to_double(splat(plan.observation_mean[i]));
    double *sum = group.sums + i * lanes, *squares = sum + inputs * lanes;
    store(sum, load(sum) + apart);
    store(squares, load(squares) + apart * apart);
  }
}

// Unit j of the first layer.
template <int inputs, Activation hidden>
EMBER_INLINE vfloat small_unit(const SmallLayer& layer, const vfloat* x, int j) {
  vfloat s[4] = {load(layer.bias + j * lanes), splat(0.0f), splat(0.0f), splat(0.0f)};
#pragma GCC unroll 8
  for (int i = 0; i < inputs; ++i) {
    s[i % 4] = fma(load(layer.weights + (i * layer.outputs + j) * lanes), x[i], s[i % 4]);
  }
  return activate(hidden, combine(s, inputs));
}

// Unit j of the second layer, whose inputs h are in lanes.
template <Activation hidden>
EMBER_INLINE vfloat small_second_unit(const SmallLayer& layer, const float* h, int j) {
  const float* w = layer.weights + j * lanes;
  const int row = layer.outputs * lanes;
  vfloat s[4] = {load(layer.bias + j * lanes), splat(0.0f), splat(0.0f), splat(0.0f)};
  int i = 0;
  for (; i + 4 <= layer.inputs; i += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k, w += row) s[k] = fma(load(w), load(h + (i + k) * lanes), s[k]);
  }
  if (i < layer.inputs) s[0] = fma(load(w), load(h + i * lanes), s[0]);
  if (i + 1 < layer.inputs) s[1] = fma(load(w + row), load(h + (i + 1) * lanes), s[1]);
  if (i + 2 < layer.inputs) s[2] = fma(load(w + 2 * row), load(h + (i + 2) * lanes), s[2]);
  return activate(hidden, combine(s, 4));
}

// The output layer's sums, which units enter one after the other.
template <int outputs>
struct SmallSums {
  vfloat s[outputs][4];
  EMBER_INLINE void begin(const SmallLayer& last) {
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) {
      s[o][0] = load(last.bias + o * lanes);
      s[o][1] = s[o][2] = s[o][3] = splat(0.0f);
    }
  }
  // Units [from, to), from a multiple of 4. whole: to is one too.
  template <bool whole = false, class Unit>
  EMBER_INLINE void add(const SmallLayer& last, int from, int to, Unit unit) {
    const auto one = [&](int j, int k) EMBER_INLINE_LAMBDA {
      const vfloat h = unit(j + k);
#pragma GCC unroll 8
      for (int o = 0; o < outputs; ++o) {
        s[o][k] = fma(load(last.weights + ((j + k) * outputs + o) * lanes), h, s[o][k]);
      }
    };
    int j = from;
    for (; j + 4 <= to; j += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) one(j, k);
    }
    if (whole) return;
    if (j < to) one(j, 0);
    if (j + 1 < to) one(j, 1);
    if (j + 2 < to) one(j, 2);
  }
  EMBER_INLINE void finish(Activation output, vfloat* out) const {
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) out[o] = combine(s[o], 4);
    if (output == Activation::tanh) {
#pragma GCC unroll 8
      for (int o = 0; o < outputs; ++o) out[o] = tanh_soon(out[o]);
    }
  }
};

template <class Env>
constexpr int small_outputs = Env::description.discrete ? Env::description.actions : Env::actions;

// What the outputs ask of the environment. Returns where one of them is not a number.
template <class Env>
EMBER_INLINE vmask small_act(const RolloutPlan& plan, const SmallPolicy& policy, const vfloat* out,
                             vfloat* action) {
  vmask spoiled = out[0] != out[0];
#pragma GCC unroll 8
  for (int o = 1; o < small_outputs<Env>; ++o) spoiled |= out[o] != out[o];
  if (Env::description.discrete) {
    vfloat best = out[0], choice(0.0f);
#pragma GCC unroll 8
    for (int o = 1; o < small_outputs<Env>; ++o) {
      const vmask larger = out[o] > best;
      best = select(larger, out[o], best);
      choice = select(larger, splat((float)o), choice);
    }
    action[0] = choice;
    return spoiled;
  }
#pragma GCC unroll 8
  for (int i = 0; i < Env::actions; ++i) {
    action[i] = out[i];
    if (policy.clip) {
      action[i] = min(splat(plan.action_high[i]), max(splat(plan.action_low[i]), action[i]));
    }
  }
  return spoiled;
}

// What a step means for the episodes of a group: adds the reward, marks what failed and what ended before the
// time limit.
template <class Env>
EMBER_INLINE void small_settle(vmask spoiled, vmask terminated, vfloat reward, const vfloat* state,
                               Group& group) {
  vfloat sum = add_unless_finite(reward, vfloat(0.0f));
#pragma GCC unroll 8
  for (int i = 0; i < Env::states; ++i) sum = add_unless_finite(state[i], sum);
  const vmask failed = spoiled | !(sum == vfloat(0.0f));
  group.returns += to_double(select(failed, vfloat(0.0f), reward));
  group.lost = failed;
  group.ended = group.live & (failed | terminated);
}

template <class Env>
EMBER_INLINE void load_state(const Group& group, vfloat* state) {
#pragma GCC unroll 8
  for (int i = 0; i < Env::states; ++i) state[i] = load((const float*)group.state + i * lanes);
}
template <class Env>
EMBER_INLINE void store_state(const vfloat* state, Group& group) {
#pragma GCC unroll 8
  for (int i = 0; i < Env::states; ++i) store((float*)group.state + i * lanes, state[i]);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
