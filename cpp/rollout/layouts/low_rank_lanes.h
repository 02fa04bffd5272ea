// The policy by low rank for groups of members in lanes: all share the mean's weights, and each lane has its
// member's own numbers (low_rank_policy.h) and after them its factor c.
#pragma once

#include "policy/dense_low_rank.h"
#include "policy/layers.h"
#include "rollout/group.h"

namespace ember {
namespace EMBER_LEVEL {

// Calls use(layer, own) for the dense layers of which the policy is made, in order.
template <class Use>
inline void each_dense(const PolicyPlan& policy, const LowRankPlan& low, Use use) {
  const LowRankLayer* own = low.layers;
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    if (layer.parts) {
      use(layer.parts[0], *own++);
      use(layer.parts[1], *own++);
    } else {
      use(layer, *own++);
    }
  }
}

// A member's numbers into its lane; a small matrix that lies as (outputs, inputs) in theta, as (inputs, outputs).
inline void put_member(const PolicyPlan& policy, const LowRankPlan& low, const float* numbers, float c,
                       float* lane) {
  for (std::int64_t i = 0; i < low.compact; ++i) lane[i * lanes] = numbers[i];
  lane[low.compact * lanes] = c;
  each_dense(policy, low, [&](const LayerPlan& dense, const LowRankLayer& layer) {
    if (!dense.turned || layer.low) return;
    const float* from = numbers + layer.own.weights;
    float* to = lane + layer.own.weights * lanes;
    for (int i = 0; i < dense.inputs; ++i) {
      for (int o = 0; o < dense.outputs; ++o) {
        to[((std::int64_t)i * dense.outputs + o) * lanes] = from[(std::int64_t)o * dense.inputs + i];
      }
    }
  });
}

// after: the operation that follows, if any. Returns whether it is done too, 1 or 0.
template <int G>
int dense_of_groups(const LowRankPlan& low, const LowRankLayer& layer, Group* const* groups,
                    const float* const* x, float* const* y, float* const* u,
                    const ElementwisePlan* after = nullptr) {
  if (!layer.low) {
    for (int g = 0; g < G; ++g) dense_members(layer.own, groups[g]->weights, x[g], y[g]);
    return 0;
  }
  const int inputs = layer.own.inputs;
  LowRankLanes<G> lanes_of;
  lanes_of.tanh = after && after->kind == (int)Elementwise::Kind::activation &&
                  after->activation == (int)Activation::tanh;
  for (int g = 0; g < G; ++g) {
    const float* own = groups[g]->weights;
    const vfloat c = load(own + low.compact * lanes);
    for (int j = 0; j < low.rank; ++j) {
      const float* a = own + (layer.a + (std::int64_t)j * inputs) * lanes;
      store(u[g] + j * lanes, c * low_rank_dot(inputs, a, x[g]));
    }
    lanes_of.own[g] = own;
    lanes_of.x[g] = x[g];
    lanes_of.y[g] = y[g];
    lanes_of.u[g] = u[g];
  }
  dense_low_rank<G>(low, layer, lanes_of);
  return lanes_of.tanh ? 1 : 0;
}

template <int G>
void forward_some(const PolicyPlan& policy, const LowRankPlan& low, Group* const* groups, float* const* u) {
  const LowRankLayer* own = low.layers;
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    const float* x[G];
    float* y[G];
    for (int g = 0; g < G; ++g) {
      x[g] = groups[g]->out;
      y[g] = other_buffer(*groups[g]);
    }
    int done = 0;
    if (layer.parts) {
      float *a[G], *b[G], *state[G];
      for (int g = 0; g < G; ++g) {
        a[g] = groups[g]->gates;
        b[g] = a[g] + (std::int64_t)policy.widest_gates * lanes;
        state[g] = groups[g]->memory + layer.memory * lanes;
      }
      dense_of_groups<G>(low, *own++, groups, x, a, u);
      dense_of_groups<G>(low, *own++, groups, state, b, u);
      const std::int64_t gate = (std::int64_t)layer.outputs * lanes;
      for (int g = 0; g < G; ++g) step_cell(layer.kind, layer.outputs, gate, a[g], b[g], state[g], y[g]);
    } else {
      done = dense_of_groups<G>(low, *own++, groups, x, y, u, layer.after_count > 0 ? layer.after : nullptr);
    }
    for (int g = 0; g < G; ++g) {
      elementwise<true>(layer.after + done, layer.after_count - done, y[g], layer.outputs, layer.outputs);
      groups[g]->out = y[g];
    }
  }
}

// From groups[g]->out, the first layer's input, to groups[g]->out. u: room for (rank, lanes) a group.
inline void forward_low_rank(const PolicyPlan& policy, const LowRankPlan& low, Group* const* groups,
                             int count, float* const* u) {
  // The sums of four groups would leave no register for anything else.
#if defined(__x86_64__) || defined(_M_X64)
  constexpr bool few_registers = true;
#else
  constexpr bool few_registers = false;
#endif
  switch (count) {
    case 1:
      return forward_some<1>(policy, low, groups, u);
    case 2:
      return forward_some<2>(policy, low, groups, u);
    case 3:
      return forward_some<3>(policy, low, groups, u);
    default:
      if (!few_registers) return forward_some<4>(policy, low, groups, u);
      forward_some<2>(policy, low, groups, u);
      forward_some<2>(policy, low, groups + 2, u + 2);
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
