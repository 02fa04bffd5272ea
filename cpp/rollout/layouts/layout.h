// The layouts with members and with episodes in lanes: where the weights lie, and who comes next. (Output units:
// rollout/layouts/units_layout.h.)
#pragma once

#include "policy/layers.h"
#include "policy/pack_units.h"
#include "rollout/member_source.h"

namespace ember {
namespace EMBER_LEVEL {

// What the policy's first layer reads: the observation, normalised and through what comes before the layers.
EMBER_INLINE void input_of(const RolloutPlan& plan, Group& group, int count) {
  const PolicyPlan& policy = plan.policy;
  const float* x = group.observation;
  if (plan.normalize) {
    const vfloat bound(plan.observation_clip);
    for (int i = 0; i < count; ++i) {
      const vfloat mean = splat(plan.observation_mean[i]);
      const vfloat scaled = (load(x + i * lanes) - mean) * splat(plan.observation_inverse_deviation[i]);
      store(group.a + i * lanes, max(-bound, min(bound, scaled)));
    }
    x = group.a;
  }
  if (policy.before_count > 0) {
    if (x != group.a) std::memcpy(group.a, x, sizeof(float) * lanes * (std::size_t)count);
    elementwise<true>(policy.before, policy.before_count, group.a, count, count);
    x = group.a;
  }
  group.out = x;
}

// Floats of the gates of the policy's largest cell, in lanes.
EMBER_INLINE std::int64_t gates_size(const PolicyPlan& policy) {
  return (std::int64_t)policy.widest_gates * lanes;
}

// The dense layers of which cells are made. Inline: what `use` captures is not put into memory where there are none.
template <class Use>
EMBER_INLINE void each_cell_part(const PolicyPlan& policy, Use use) {
  if (policy.memory == 0) return;
  for (int n = 0; n < policy.layer_count; ++n) {
    if (const LayerPlan* parts = policy.layers[n].parts) {
      use(parts[0]);
      use(parts[1]);
    }
  }
}

// Where an episode starts, and where it goes on in another lane.
inline void forget_lane(const PolicyPlan& policy, Group& group, int lane) {
  for (std::int64_t i = 0; i < policy.memory; ++i) group.memory[i * lanes + lane] = 0.0f;
}
inline void move_memory(const PolicyPlan& policy, const Group& from, int lane, Group& to, int to_lane) {
  for (std::int64_t i = 0; i < policy.memory; ++i) {
    to.memory[i * lanes + to_lane] = from.memory[i * lanes + lane];
  }
}

// Whether the lane's member has another episode, which then begins.
inline bool another_episode(Group& group, int lane, int episodes) {
  if (group.member[lane] < 0 || group.episode[lane] + 1 >= episodes) return false;
  ++group.episode[lane];
  return true;
}
// The first episode of the next member; false where none is left.
inline bool next_member(MemberSource& source, Group& group, int lane) {
  group.member[lane] = source.next();
  group.episode[lane] = 0;
  return group.member[lane] >= 0;
}

class MembersLayout {
 public:
  static constexpr bool own_weights = true;  // each lane has its own
  MembersLayout(const RolloutPlan& plan, int, Arena& arena) : plan_(plan), source_(plan, arena) {}
  static std::int64_t group_weights(const RolloutPlan& plan) { return plan.policy.parameters * lanes; }

  bool begin() {
    if (begun_) return false;
    return begun_ = true;
  }
  bool assign(Group& group, int lane) {
    if (another_episode(group, lane, plan_.episodes)) return true;
    if (!next_member(source_, group, lane)) return false;
    const std::int64_t parameters = plan_.policy.parameters;
    float block[64];
    for (std::int64_t first = 0; first < parameters; first += 64) {
      const std::int64_t count = parameters - first < 64 ? parameters - first : 64;
      source_.write(first, count, block);
      float* to = group.weights + first * lanes + lane;
      std::int64_t i = 0;
      for (; i + 8 <= count; i += 8, to += 8 * lanes) {
#pragma GCC unroll 8
        for (int j = 0; j < 8; ++j) to[j * lanes] = block[i + j];
      }
      for (; i < count; ++i, to += lanes) *to = block[i];
    }
    each_cell_part(plan_.policy, [&](const LayerPlan& part) {
      float* to = group.weights + part.weights * lanes + lane;
      turn_weights(part, source_, [&](int i, int o, float weight) {
        to[((std::int64_t)i * part.outputs + o) * lanes] = weight;
      });
    });
    return true;
  }
  void forget(Group& group, int lane) { forget_lane(plan_.policy, group, lane); }
  void forward(Group* const* groups, int count) {
    const PolicyPlan& policy = plan_.policy;
    for (int n = 0; n < policy.layer_count; ++n) {
      const LayerPlan& layer = policy.layers[n];
      for (int g = 0; g < count; ++g) {
        Group& group = *groups[g];
        float* y = group.out == group.b ? group.a : group.b;
        int done = 0;
        if (layer.parts) {
          float *state = group.memory + layer.memory * lanes, *a = group.gates, *b = a + gates_size(policy);
          dense_members(layer.parts[0], group.weights, group.out, a);
          dense_members(layer.parts[1], group.weights, state, b);
          step_cell(layer.kind, layer.outputs, (std::int64_t)layer.outputs * lanes, a, b, state, y);
        } else {
          done = dense_members(layer, group.weights, group.out, y);
        }
        elementwise<true>(layer.after + done, layer.after_count - done, y, layer.outputs, layer.outputs);
        group.out = y;
      }
    }
  }
  void move(const Group& from, int lane, Group& to, int to_lane) {
    for (std::int64_t i = 0; i < plan_.policy.parameters; ++i) {
      to.weights[i * lanes + to_lane] = from.weights[i * lanes + lane];
    }
    move_memory(plan_.policy, from, lane, to, to_lane);
  }
  void end() {}
  double* sums(int) { return nullptr; }

 private:
  const RolloutPlan& plan_;
  MemberSource source_;
  bool begun_ = false;
};

class EpisodesLayout {
 public:
  static constexpr bool own_weights = false;
  EpisodesLayout(const RolloutPlan& plan, int, Arena& arena)
      : plan_(plan),
        source_(plan, arena),
        theta_(arena.take<float>(plan.policy.parameters)),
        sums_(plan.normalize ? arena.take<double>((std::int64_t)plan.episodes * 2 * plan.observations)
                             : nullptr) {}
  static std::int64_t group_weights(const RolloutPlan&) { return 0; }

  bool begin() {
    member_ = source_.next();
    if (member_ < 0) return false;
    source_.write(0, plan_.policy.parameters, theta_);
    each_cell_part(plan_.policy, [&](const LayerPlan& part) {
      float* to = theta_ + part.weights;
      turn_weights(part, source_,
                   [&](int i, int o, float weight) { to[(std::int64_t)i * part.outputs + o] = weight; });
    });
    episode_ = 0;
    return true;
  }
  bool assign(Group& group, int lane) {
    group.member[lane] = member_;
    group.episode[lane] = episode_;
    return episode_++ < plan_.episodes;
  }
  void forward(Group* const* groups, int count) {
    switch (count) {
      case 1:
        return forward_groups<1>(groups);
      case 2:
        return forward_groups<2>(groups);
      case 3:
        return forward_groups<3>(groups);
      default:
        return forward_groups<4>(groups);
    }
  }
  void forget(Group& group, int lane) { forget_lane(plan_.policy, group, lane); }
  void move(const Group& from, int lane, Group& to, int to_lane) {
    move_memory(plan_.policy, from, lane, to, to_lane);
  }
  // Episodes end in any order; their sums are added in index order.
  double* sums(int episode) { return sums_ + (std::int64_t)episode * 2 * plan_.observations; }
  void end() {
    if (!sums_ || member_ >= plan_.members) return;
    const std::int64_t size = 2 * plan_.observations;
    double* to = plan_.sums + member_ * size;
    for (int e = 0; e < plan_.episodes; ++e) {
      for (std::int64_t i = 0; i < size; ++i) to[i] += sums_[e * size + i];
    }
  }

 private:
  template <int G>
  void forward_groups(Group* const* groups) {
    const PolicyPlan& policy = plan_.policy;
    for (int n = 0; n < policy.layer_count; ++n) {
      const LayerPlan& layer = policy.layers[n];
      const float* x[G];
      float* y[G];
      for (int g = 0; g < G; ++g) {
        x[g] = groups[g]->out;
        y[g] = other_buffer(*groups[g]);
      }
      if (layer.parts) {
        forward_cell<G>(layer, groups, x, y);
      } else {
        dense_episodes<G>(layer, theta_, x, y);
      }
      for (int g = 0; g < G; ++g) {
        elementwise<true>(layer.after, layer.after_count, y[g], layer.outputs, layer.outputs);
        groups[g]->out = y[g];
      }
    }
  }
  template <int G>
  void forward_cell(const LayerPlan& layer, Group* const* groups, const float* const* x, float* const* y) {
    float *a[G], *b[G], *state[G];
    for (int g = 0; g < G; ++g) {
      a[g] = groups[g]->gates;
      b[g] = a[g] + gates_size(plan_.policy);
      state[g] = groups[g]->memory + layer.memory * lanes;
    }
    dense_episodes<G>(layer.parts[0], theta_, x, a);
    dense_episodes<G>(layer.parts[1], theta_, state, b);
    const std::int64_t gate = (std::int64_t)layer.outputs * lanes;
    for (int g = 0; g < G; ++g) step_cell(layer.kind, layer.outputs, gate, a[g], b[g], state[g], y[g]);
  }
  const RolloutPlan& plan_;
  MemberSource source_;
  float* theta_;
  double* sums_;
  int member_ = -1, episode_ = 0;
};

}  // namespace EMBER_LEVEL
}  // namespace ember
