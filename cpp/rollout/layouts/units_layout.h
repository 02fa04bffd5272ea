// The layout with output units in lanes: the members that play side by side, their weights, and who comes next.
#pragma once

#include "policy/low_rank_units.h"
#include "rollout/layouts/layout.h"

namespace ember {
namespace EMBER_LEVEL {

// A member with output units in lanes: its parameters, the activations of two layers, its observation sums, what
// its episode remembers, and its numbers of low rank.
struct UnitsSlot {
  float* copy;
  float* hidden[2];  // the observation goes into the first
  double *sums, *squares;
  float* memory;
  float *own, factor;  // by low rank (low_rank_policy.h)
};

// Output units in lanes: up to `most_units_slots` members side by side, so that one computes while another waits
// for what it needs. Member and environment of slot s are in lane s of the one group (rollout/layouts/units.h plays it).
class UnitsLayout {
 public:
  static constexpr bool own_weights = false;
  UnitsLayout(const RolloutPlan& plan, int slots, Arena& arena)
      : plan_(plan), count_(slots), source_(plan, arena) {
    const std::int64_t width = padded(plan.observations, lanes);
    for (int s = 0; s < count_; ++s) {
      UnitsSlot& slot = slots_[s];
      slot.copy = arena.take<float>(plan.policy.padded_parameters);
      for (float*& buffer : slot.hidden) buffer = arena.take<float>(padded(plan.policy.widest, lanes));
      slot.sums = plan.normalize ? arena.take<double>(width) : nullptr;
      slot.squares = plan.normalize ? arena.take<double>(width) : nullptr;
      slot.own = arena.take<float>(plan.low_rank.rank > 0 ? plan.low_rank.compact : 0);
      slot.memory = plan.policy.memory > 0 ? arena.take<float>(plan.policy.memory_row) : nullptr;
    }
    if (plan.policy.memory > 0) {
      for (float*& gates : gates_) gates = arena.take<float>(padded(plan.policy.widest_gates, lanes) + lanes);
    }
    if (!plan.normalize) return;
    mean_ = arena.take<float>(width);
    inverse_ = arena.take<float>(width);
    if (!arena.has_memory()) return;
    std::memset(mean_, 0, sizeof(float) * (std::size_t)width);
    std::memset(inverse_, 0, sizeof(float) * (std::size_t)width);
    const std::size_t bytes = sizeof(float) * (std::size_t)plan.observations;
    std::memcpy(mean_, plan.observation_mean, bytes);
    std::memcpy(inverse_, plan.observation_inverse_deviation, bytes);
  }
  static std::int64_t group_weights(const RolloutPlan&) { return 0; }

  bool begin() {
    if (begun_) return false;
    return begun_ = true;
  }
  bool assign(Group& group, int lane) {
    if (lane >= count_) return false;
    if (!plan_.by_episode && group.member[lane] >= 0 && group.episode[lane] + 1 < plan_.episodes) {
      ++group.episode[lane];
      return true;
    }
    const int unit = source_.next();
    group.member[lane] = plan_.by_episode && unit >= 0 ? 0 : unit;
    group.episode[lane] = plan_.by_episode ? unit : 0;
    if (unit < 0) return false;
    UnitsSlot& slot = slots_[lane];
    for (int n = 0; n < plan_.policy.layer_count; ++n) {
      if (!plan_.policy.layers[n].parts) pack_units(plan_.policy.layers[n], source_, slot.copy);
    }
    each_cell_part(plan_.policy, [&](const LayerPlan& part) { pack_units(part, source_, slot.copy); });
    if (plan_.low_rank.rank > 0) slot.factor = source_.write_own(slot.own);
    return true;
  }
  void forget(Group&, int lane) {
    float* memory = slots_[lane].memory;
    if (memory) std::memset(memory, 0, sizeof(float) * (std::size_t)plan_.policy.memory_row);
  }
  int slots() const { return count_; }
  const UnitsSlot& slot(int s) const { return slots_[s]; }
  // The normalisation, padded to whole vectors.
  const float* mean() const { return mean_; }
  const float* inverse() const { return inverse_; }
  // The outputs (outputs,) of each slot of `live`, of what lies in its hidden[0], which is used up. Layer by layer: a
  // slot's activations are computed while the next slot's sums are.
  EMBER_INLINE void forward(const int* live, int count, const float** out) {
    const bool back = back_ = !back_;
    int from = 0;
    const LowRankPlan& low = plan_.low_rank;
    int of_layer = 0;  // in low.layers, two for a cell
    const auto dense = [&](const UnitsSlot& slot, const LayerPlan& layer, int part, const float* x,
                           float* y) {
      const int done = dense_units(layer, slot.copy, x, y, low.rank == 0, back);
      if (low.rank > 0) add_low_rank(low, low.layers[of_layer + part], slot.own, slot.factor, x, y);
      return done;
    };
    for (int n = 0; n < plan_.policy.layer_count; ++n, from = 1 - from) {
      const LayerPlan& layer = plan_.policy.layers[n];
      const int vectors = padded(layer.outputs, lanes) / lanes;
      for (int i = 0; i < count; ++i) {
        const UnitsSlot& slot = slots_[live[i]];
        const float* x = slot.hidden[from];
        float* y = slot.hidden[1 - from];
        int done = 0;
        if (layer.parts) {
          float* state = slot.memory + layer.memory_row;
          dense(slot, layer.parts[0], 0, x, gates_[0]);
          dense(slot, layer.parts[1], 1, state, gates_[1]);
          step_cell(layer.kind, vectors, layer.outputs, gates_[0], gates_[1], state, y);
        } else {
          done = dense(slot, layer, 0, x, y);
        }
        elementwise<false>(layer.after + done, layer.after_count - done, y, vectors, layer.outputs);
      }
      of_layer += layer.parts ? 2 : 1;
    }
    for (int i = 0; i < count; ++i) out[live[i]] = slots_[live[i]].hidden[from];
  }
  void end() {}
  double* sums(int episode) {
    return plan_.by_episode ? plan_.sums + (std::int64_t)episode * 2 * plan_.observations : nullptr;
  }

 private:
  const RolloutPlan& plan_;
  const int count_;
  MemberSource source_;
  UnitsSlot slots_[most_units_slots];
  float *mean_ = nullptr, *inverse_ = nullptr, *gates_[2];
  bool begun_ = false, back_ = false;
};

}  // namespace EMBER_LEVEL
}  // namespace ember
