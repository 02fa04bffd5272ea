// Acrobot-v1 (Sutton 1996; the equations of Sutton and Barto's book), as gymnasium 1.4 writes it: one
// Runge-Kutta step of order 4 per action.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct Acrobot {
  static constexpr int states = 4, observations = 6, actions = 1, uniforms = 4;
  static constexpr EnvDescription description = [] {
    EnvDescription d;
    d.name = "Acrobot-v1";
    d.observations = observations;
    d.actions = 3;
    d.discrete = true;
    d.max_steps = 500;
    d.reward_threshold = -100.0;
    d.start = {-0.1, 0.1, false, true};
    d.state_size = 4;
    d.observation_names = {{"cosine 1", "sine 1", "cosine 2", "sine 2", "velocity 1", "velocity 2"}};
    d.action_names = {{"torque -1", "no torque", "torque +1"}};
    d.parameters = {{{"dt", 0.2},
                     {"link_length_1", 1.0},
                     {"link_com_pos_1", 0.5},
                     {"link_com_pos_2", 0.5},
                     {"link_mass_1", 1.0},
                     {"link_mass_2", 1.0},
                     {"link_moi", 1.0},
                     {"gravity", 9.8},
                     {"max_vel_1", 4 * pi},
                     {"max_vel_2", 9 * pi}}};
    return d;
  }();

  // Products of constants, each multiplied in gymnasium's order.
  T dt, half_dt, sixth_dt, inertia, d1_a, d1_b, d1_c, d2_a, d2_b, m2, phi2_a, coupling, coupling_minus,
      coupling_two, phi1_a, link_inertia, max_vel_1, max_vel_2;
  EMBER_INLINE explicit Acrobot(const double* c) {
    const double l1 = c[1], lc1 = c[2], lc2 = c[3], m1 = c[4], mass2 = c[5], moi = c[6], g = c[7];
    dt = T(c[0]);
    half_dt = T(c[0] / 2.0);
    sixth_dt = T(c[0] / 6.0);
    inertia = T(moi);
    d1_a = T(m1 * (lc1 * lc1));
    d1_b = T(l1 * l1 + lc2 * lc2);
    d1_c = T(2 * l1 * lc2);
    d2_a = T(lc2 * lc2);
    d2_b = T(l1 * lc2);
    m2 = T(mass2);
    phi2_a = T(mass2 * lc2 * g);
    coupling = T(mass2 * l1 * lc2);
    coupling_minus = T(-mass2 * l1 * lc2);
    coupling_two = T(2 * mass2 * l1 * lc2);
    phi1_a = T((m1 * lc1 + mass2 * l1) * g);
    link_inertia = T(mass2 * (lc2 * lc2) + moi);
    max_vel_1 = T(c[8]);
    max_vel_2 = T(c[9]);
  }

  EMBER_INLINE void reset(T* state, const T* u) const {
    for (int i = 0; i < 4; ++i) state[i] = as_float32(from_uniform<T>(description.start, u[i]));
  }
  EMBER_INLINE void observe(const T* state, T* observation) const {
    observation[0] = cos(state[0]);
    observation[1] = sin(state[0]);
    observation[2] = cos(state[1]);
    observation[3] = sin(state[1]);
    observation[4] = state[2];
    observation[5] = state[3];
  }

  EMBER_INLINE void derivative(const T* s, T torque, T* d) const {
    const T cos2 = cos(s[1]), sin2 = sin(s[1]);
    const T d1 = d1_a + m2 * (d1_b + d1_c * cos2) + inertia + inertia;
    const T d2 = m2 * (d2_a + d2_b * cos2) + inertia;
    const T phi2 = phi2_a * cos(s[0] + s[1] - T(pi / 2.0));
    const T phi1 = coupling_minus * power2(s[3]) * sin2 - coupling_two * s[3] * s[2] * sin2 +
                   phi1_a * cos(s[0] - T(pi / 2)) + phi2;
    const T acc2 =
        (torque + d2 / d1 * phi1 - coupling * power2(s[2]) * sin2 - phi2) / (link_inertia - power2(d2) / d1);
    d[0] = s[2];
    d[1] = s[3];
    d[2] = -(d2 * acc2 + phi1) / d1;
    d[3] = acc2;
  }

  EMBER_INLINE void step(T* state, const T* action, T* reward, mask_of<T>* terminated) const {
    const T torque = action[0] - T(1.0);
    T k[4][4], s[4];
    derivative(state, torque, k[0]);
    for (int stage = 1; stage < 4; ++stage) {
      const T h = stage == 3 ? dt : half_dt;
      for (int i = 0; i < 4; ++i) s[i] = state[i] + h * k[stage - 1][i];
      derivative(s, torque, k[stage]);
    }
    for (int i = 0; i < 4; ++i) {
      s[i] = state[i] + sixth_dt * (k[0][i] + T(2.0) * k[1][i] + T(2.0) * k[2][i] + k[3][i]);
    }
    state[0] = wrap(s[0]);
    state[1] = wrap(s[1]);
    state[2] = clip(s[2], -max_vel_1, max_vel_1);
    state[3] = clip(s[3], -max_vel_2, max_vel_2);
    *terminated = -cos(state[0]) - cos(state[1] + state[0]) > T(1.0);
    *reward = select(*terminated, T(0.0), T(-1.0));
  }

 private:
  // gymnasium subtracts 2 pi until the angle is in [-pi, pi].
  template <class Lanes>
  static EMBER_INLINE Lanes wrap(Lanes x) {
    return select(abs(x) > Lanes(pi), wrap_angle(x), x);
  }
  static EMBER_INLINE double wrap(double x) {
    for (int turns = 0; turns < 1000 && x > pi; ++turns) x -= 2 * pi;
    for (int turns = 0; turns < 1000 && x < -pi; ++turns) x += 2 * pi;
    return x;
  }
};

}  // namespace EMBER_LEVEL
}  // namespace ember
