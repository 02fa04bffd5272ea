// Simple1D-v0, the environment of the seed notebook: a point on a line, moved by the action, wants to be at
// the target.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct Simple1D {
  static constexpr int states = 1, observations = 1, actions = 1, uniforms = 0;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "Simple1D-v0";
    d.observations = observations;
    d.actions = 1;
    d.action_bound = 1.0f;
    d.max_steps = 100;
    d.state_size = 1;
    d.observation_names = {{"position"}};
    d.action_names = {{"move"}};
    d.parameters = {{{"target", 10.0}, {"start", 0.0}}};
    return d;
  }();

  T target, start;
  EMBER_INLINE explicit Simple1D(const double* c) : target(c[0]), start(c[1]) {}

  EMBER_INLINE void reset(T* state, const T*) const { state[0] = start; }
  EMBER_INLINE void observe(const T* state, T* observation) const { observation[0] = state[0]; }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    state[0] = state[0] + action[0];
    *reward = -abs(state[0] - target);
    *terminated = mask_of<T>(0);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
