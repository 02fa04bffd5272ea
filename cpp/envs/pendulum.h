// Pendulum-v1: swing up and hold, as gymnasium 1.4 writes it. The torque and its square are float32 there.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct Pendulum {
  static constexpr int states = 2, observations = 3, actions = 1, uniforms = 2;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "Pendulum-v1";
    d.observations = observations;
    d.actions = 1;
    d.action_bound = 2.0f;
    d.max_steps = 200;
    d.start = {pi, 1.0, true, false};
    d.state_size = 2;
    d.observation_names = {{"cosine", "sine", "angular velocity"}};
    d.action_names = {{"torque"}};
    d.parameters = {
        {{"g", 10.0}, {"m", 1.0}, {"l", 1.0}, {"dt", 0.05}, {"max_speed", 8.0}, {"max_torque", 2.0}}};
    return d;
  }();

  T gravity_term, torque_term, dt, max_speed, max_torque;  // 3 g / (2 l) and 3 / (m l^2)
  EMBER_INLINE explicit Pendulum(const double* c)
      : gravity_term(3 * c[0] / (2 * c[2])),
        torque_term(3.0 / (c[1] * (c[2] * c[2]))),
        dt(c[3]),
        max_speed(c[4]),
        max_torque(c[5]) {}

  EMBER_INLINE void reset(T* state, const T* u) const {
    state[0] = from_uniform<T>({-description.start.low, description.start.low}, u[0]);
    state[1] = from_uniform<T>({-description.start.high, description.start.high}, u[1]);
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    observation[0] = cos(state[0]);
    observation[1] = sin(state[0]);
    observation[2] = state[1];
  }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    const T theta = state[0], speed = state[1];
    const T u = as_float32(clip(action[0], -max_torque, max_torque));
    const T cost = power2(wrap_angle(theta)) + T(0.1) * power2(speed) +
                   as_float32(as_float32(T(0.001)) * power2_float32(u));
    const T push = as_float32(as_float32(torque_term) * u);
    const T next = clip(speed + (gravity_term * sin(theta) + push) * dt, -max_speed, max_speed);
    state[0] = theta + next * dt;
    state[1] = next;
    *reward = -cost;
    *terminated = mask_of<T>(0);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
