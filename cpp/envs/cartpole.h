// CartPole-v1 (Barto, Sutton, Anderson 1983), as gymnasium 1.4 writes it: Euler steps, reward 1 for every
// step.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct CartPole {
  static constexpr int states = 4, observations = 4, actions = 1, uniforms = 4;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "CartPole-v1";
    d.observations = observations;
    d.actions = 2;
    d.discrete = true;
    d.max_steps = 500;
    d.reward_threshold = 475.0;
    d.start = {-0.05, 0.05, false, false};
    d.state_size = 4;
    d.observation_names = {{"cart position", "cart velocity", "pole angle", "pole velocity"}};
    d.action_names = {{"push left", "push right"}};
    d.parameters = {{{"gravity", 9.8},
                     {"masscart", 1.0},
                     {"masspole", 0.1},
                     {"length", 0.5},
                     {"force_mag", 10.0},
                     {"tau", 0.02},
                     {"theta_threshold_radians", 12 * 2 * pi / 360},
                     {"x_threshold", 2.4}}};
    return d;
  }();

  T gravity, masspole, length, force_mag, tau, theta_threshold, x_threshold, polemass_length;
  Divisor<T> total_mass;
  EMBER_INLINE explicit CartPole(const double* c)
      : gravity(c[0]),
        masspole(c[2]),
        length(c[3]),
        force_mag(c[4]),
        tau(c[5]),
        theta_threshold(c[6]),
        x_threshold(c[7]),
        polemass_length(c[2] * c[3]),
        total_mass(c[2] + c[1]) {}

  EMBER_INLINE void reset(T* state, const T* u) const {
    for (int i = 0; i < 4; ++i) state[i] = from_uniform<T>(description.start, u[i]);
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    for (int i = 0; i < 4; ++i) observation[i] = state[i];
  }
  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    const T x = state[0], x_dot = state[1], theta = state[2], theta_dot = state[3];
    const T force = select(action[0] == T(1.0), force_mag, -force_mag);
    T sine, cosine;
    sin_cos(theta, &sine, &cosine);
    const T temp = (force + polemass_length * (theta_dot * theta_dot) * sine) / total_mass;
    const T theta_acc = (gravity * sine - cosine * temp) /
                        (length * (T(4.0 / 3.0) - masspole * (cosine * cosine) / total_mass));
    const T x_acc = temp - polemass_length * theta_acc * cosine / total_mass;
    state[0] = x + tau * x_dot;
    state[1] = x_dot + tau * x_acc;
    state[2] = theta + tau * theta_dot;
    state[3] = theta_dot + tau * theta_acc;
    *reward = T(1.0);
    *terminated = (abs(state[0]) > x_threshold) | (abs(state[2]) > theta_threshold);
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
