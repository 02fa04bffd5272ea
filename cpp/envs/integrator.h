// Integrator-v0: a mass on a line, pushed or not, wants to be at rest at zero.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct Integrator {
  static constexpr int states = 2, observations = 2, actions = 1, uniforms = 2;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "Integrator-v0";
    d.observations = observations;
    d.actions = 1;
    d.action_bound = 1.0f;
    d.max_steps = 100;
    d.start = {-1.0, 1.0, false, false};
    d.state_size = 2;
    d.observation_names = {{"position", "velocity"}};
    d.action_names = {{"push"}};
    d.parameters = {{{"mass", 1.0}, {"dt", 0.1}}};
    return d;
  }();

  T push, dt;
  EMBER_INLINE explicit Integrator(const double* c) : push(c[1] / c[0]), dt(c[1]) {}

  EMBER_INLINE void reset(T* state, const T* u) const {
    for (int i = 0; i < 2; ++i) state[i] = from_uniform<T>(description.start, u[i]);
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    for (int i = 0; i < 2; ++i) observation[i] = state[i];
  }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    state[1] = state[1] + push * action[0];
    state[0] = state[0] + dt * state[1];
    *reward = -(state[0] * state[0]);
    *terminated = mask_of<T>(0);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
