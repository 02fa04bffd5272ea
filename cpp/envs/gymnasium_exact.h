// The built-in environments in double, in the order of operations and with the roundings of gymnasium 1.4's
// own Python, so that states, observations and rewards agree bit for bit where numpy's sin, cos and pow are
// libm's (numpy has its own sin and cos on AVX-512 machines). For gymnasium vector envs; training runs the
// float headers.
//
// Each has state_size doubles, an `observe`, a `reset` from uniform numbers within bounds, and a `step` that
// takes the action, returns the reward and says whether it terminated; or a `step_many`.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "envs/pcg64.h"

namespace ember::exact {

constexpr double pi = 3.141592653589793;

// Values that `reset(options=...)` and constructors may change, with gymnasium's defaults for each
// environment.
struct Options {
  double reset_low = 0, reset_high = 0;  // Pendulum: largest angle and largest speed instead
  double g = 10.0;                       // Pendulum
  double goal_velocity = 0.0;            // MountainCar, MountainCarContinuous
  bool sutton_barto_reward = false;      // CartPole
};

// numpy's scalar x ** 2 is libm's pow, which differs from x * x in one case of a thousand. The exponent is
// volatile because compilers turn pow(x, 2.0) into x * x.
inline const volatile double two = 2.0;
inline const volatile float two_float = 2.0f;
inline double power2(double x) { return std::pow(x, static_cast<double>(two)); }
inline float power2(float x) { return std::pow(x, static_cast<float>(two_float)); }

struct CartPole {
  static constexpr int state_size = 4, observation_size = 4, choices = 2, action_size = 0;
  static constexpr double low = -0.05, high = 0.05;

  static void reset(double* s, Pcg64& random, const Options& o) {
    for (int i = 0; i < 4; ++i) s[i] = random.uniform(o.reset_low, o.reset_high);
  }
  static void observe(const double* s, float* out) {
    for (int i = 0; i < 4; ++i) out[i] = static_cast<float>(s[i]);
  }
  // n environments whose state's four parts lie `stride` apart. The sines come first, then loops that
  // compilers turn into vector instructions, which round like scalar ones.
  static void step_many(int n, double* s, std::ptrdiff_t stride, const std::int64_t* action, const Options& o,
                        double* rewards, bool* terminated) {
    constexpr double total_mass = 0.1 + 1.0, pole_mass = 0.1, half_length = 0.5, tau = 0.02, gravity = 9.8;
    constexpr double pole_mass_length = pole_mass * half_length;
    constexpr double angle_limit = 12 * 2 * pi / 360, position_limit = 2.4;
    constexpr int block = 128;
    for (int first = 0; first < n; first += block) {
      const int count = n - first < block ? n - first : block;
      double *x = s + first, *x_dot = x + stride, *theta = x_dot + stride, *theta_dot = theta + stride;
      double cosine[block], sine[block], force[block], fell[block];
      for (int i = 0; i < count; ++i) cosine[i] = std::cos(theta[i]);
      for (int i = 0; i < count; ++i) sine[i] = std::sin(theta[i]);
      for (int i = 0; i < count; ++i) force[i] = action[first + i] == 1 ? 10.0 : -10.0;
      for (int i = 0; i < count; ++i) {
        const double temp =
            (force[i] + pole_mass_length * (theta_dot[i] * theta_dot[i]) * sine[i]) / total_mass;
        const double theta_acc =
            (gravity * sine[i] - cosine[i] * temp) /
            (half_length * (4.0 / 3.0 - pole_mass * (cosine[i] * cosine[i]) / total_mass));
        const double x_acc = temp - pole_mass_length * theta_acc * cosine[i] / total_mass;
        const double new_x = x[i] + tau * x_dot[i], new_theta = theta[i] + tau * theta_dot[i];
        x_dot[i] = x_dot[i] + tau * x_acc;
        theta_dot[i] = theta_dot[i] + tau * theta_acc;
        x[i] = new_x;
        theta[i] = new_theta;
        // A comparison with each limit and its negative; false for NaN, as in Python.
        fell[i] = (std::fabs(new_x) > position_limit ? 1.0 : 0.0) +
                  (std::fabs(new_theta) > angle_limit ? 1.0 : 0.0);
      }
      const double stands = o.sutton_barto_reward ? 0.0 : 1.0, falls = o.sutton_barto_reward ? -1.0 : 1.0;
      for (int i = 0; i < count; ++i) rewards[first + i] = fell[i] != 0.0 ? falls : stands;
      for (int i = 0; i < count; ++i) terminated[first + i] = fell[i] != 0.0;
    }
  }
};

struct Pendulum {
  static constexpr int state_size = 2, observation_size = 3, choices = 0, action_size = 1;
  static constexpr double low = pi, high = 1.0;

  static void reset(double* s, Pcg64& random, const Options& o) {
    s[0] = random.uniform(-o.reset_low, o.reset_low);
    s[1] = random.uniform(-o.reset_high, o.reset_high);
  }
  static void observe(const double* s, float* out) {
    out[0] = static_cast<float>(std::cos(s[0]));
    out[1] = static_cast<float>(std::sin(s[0]));
    out[2] = static_cast<float>(s[1]);
  }
  static double modulo(double x, double by) {  // Python's %, by > 0
    const double rest = std::fmod(x, by);
    if (rest == 0) return 0.0;
    return rest < 0 ? rest + by : rest;
  }
  static double step(double* s, const float* action, const Options& o, bool* terminated) {
    constexpr double dt = 0.05;
    const double theta = s[0], theta_dot = s[1];
    float u = action[0];  // stays float32 in numpy: so do its square and its triple
    u = u < -2.0f ? -2.0f : (u > 2.0f ? 2.0f : u);
    const double angle = modulo(theta + pi, 2 * pi) - pi;
    const float effort = 0.001f * power2(u);
    const double cost = power2(angle) + 0.1 * power2(theta_dot) + static_cast<double>(effort);
    const float push = 3.0f * u;
    double speed = theta_dot + (3 * o.g / (2 * 1.0) * std::sin(theta) + static_cast<double>(push)) * dt;
    speed = speed < -8.0 ? -8.0 : (speed > 8.0 ? 8.0 : speed);
    s[0] = theta + speed * dt;
    s[1] = speed;
    *terminated = false;
    return -cost;
  }
};

struct MountainCar {
  static constexpr int state_size = 2, observation_size = 2, choices = 3, action_size = 0;
  static constexpr double low = -0.6, high = -0.4;

  static void reset(double* s, Pcg64& random, const Options& o) {
    s[0] = random.uniform(o.reset_low, o.reset_high);
    s[1] = 0.0;
  }
  static void observe(const double* s, float* out) {
    out[0] = static_cast<float>(s[0]);
    out[1] = static_cast<float>(s[1]);
  }
  static double step(double* s, std::int64_t action, const Options& o, bool* terminated) {
    double position = s[0], velocity = s[1];
    velocity += static_cast<double>(action - 1) * 0.001 + std::cos(3 * position) * -0.0025;
    velocity = velocity < -0.07 ? -0.07 : (velocity > 0.07 ? 0.07 : velocity);
    position += velocity;
    position = position < -1.2 ? -1.2 : (position > 0.6 ? 0.6 : position);
    if (position == -1.2 && velocity < 0) velocity = 0;
    s[0] = position;
    s[1] = velocity;
    *terminated = position >= 0.5 && velocity >= o.goal_velocity;
    return -1.0;
  }
};

// gymnasium keeps this state as float64 until the first step and as float32 after it; a clipped action
// becomes a Python float, which numpy multiplies as float64 while on its own and rounds to float32 when it
// meets one. The third number of the state says whether it is still float64.
struct MountainCarContinuous {
  static constexpr int state_size = 3, observation_size = 2, choices = 0, action_size = 1;
  static constexpr double low = -0.6, high = -0.4;

  static void reset(double* s, Pcg64& random, const Options& o) {
    s[0] = random.uniform(o.reset_low, o.reset_high);
    s[1] = 0.0;
    s[2] = 1.0;
  }
  static void observe(const double* s, float* out) {
    out[0] = static_cast<float>(s[0]);
    out[1] = static_cast<float>(s[1]);
  }
  static double step(double* s, const float* action, const Options& o, bool* terminated) {
    const bool wide = s[2] != 0.0;
    const float a = action[0];
    // 3 * position is rounded to the position's own type before math.cos sees it.
    const double triple = wide ? 3 * s[0] : static_cast<double>(3.0f * static_cast<float>(s[0]));
    const double slope = 0.0025 * std::cos(triple);
    double change;
    if (a < -1.0f || a > 1.0f) {
      change = (a > 1.0f ? 1.0 : -1.0) * 0.0015 - slope;
    } else {
      change = static_cast<double>(a * 0.0015f - static_cast<float>(slope));
    }
    if (wide) {
      advance<double>(s, change, o, terminated);
    } else {
      advance<float>(s, change, o, terminated);
    }
    s[2] = 0.0;
    const double effort = power2(static_cast<double>(a)) * 0.1;
    return (*terminated ? 100.0 : 0.0) - effort;
  }

 private:
  // T is the type of position and velocity; the limits are Python floats, which take part as T.
  template <class T>
  static void advance(double* s, double change, const Options& o, bool* terminated) {
    constexpr T top_speed = static_cast<T>(0.07), left = static_cast<T>(-1.2), right = static_cast<T>(0.6);
    T velocity = static_cast<T>(s[1]) + static_cast<T>(change);
    if (velocity > top_speed) velocity = top_speed;
    if (velocity < -top_speed) velocity = -top_speed;
    T position = static_cast<T>(s[0]) + velocity;
    if (position > right) position = right;
    if (position < left) position = left;
    if (position == left && velocity < 0) velocity = 0;
    *terminated = position >= static_cast<T>(0.45) && velocity >= static_cast<T>(o.goal_velocity);
    s[0] = static_cast<double>(static_cast<float>(position));
    s[1] = static_cast<double>(static_cast<float>(velocity));
  }
};

// numpy's float32 sine and cosine for |x| < pi / 4 on processors with fma: their polynomials.
inline float numpy_cos(float x) {
  if (!(std::fabs(x) < 0.78f)) return static_cast<float>(std::cos(static_cast<double>(x)));
  const float square = x * x;
  float sum = std::fma(0x1.98e616p-16f, square, -0x1.6c06dcp-10f);
  sum = std::fma(sum, square, 0x1.55553cp-05f);
  sum = std::fma(sum, square, -0.5f);
  return std::fma(sum, square, 1.0f);
}
inline float numpy_sin(float x) {
  if (!(std::fabs(x) < 0.78f)) return static_cast<float>(std::sin(static_cast<double>(x)));
  const float square = x * x;
  float sum = std::fma(0x1.7d3bbcp-19f, square, -0x1.a06bbap-13f);
  sum = std::fma(sum, square, 0x1.11119ap-07f);
  sum = std::fma(sum, square, -0x1.555556p-03f);
  return std::fma(sum * square, x, x);
}

// gymnasium keeps this state as float32 until the first step, and numpy's sines of it are float32's. The
// fifth number of the state says whether that is so.
struct Acrobot {
  static constexpr int state_size = 5, observation_size = 6, choices = 3, action_size = 0;
  static constexpr double low = -0.1, high = 0.1;

  static void reset(double* s, Pcg64& random, const Options& o) {
    for (int i = 0; i < 4; ++i) s[i] = static_cast<float>(random.uniform(o.reset_low, o.reset_high));
    s[4] = 1.0;
  }
  static void observe(const double* s, float* out) {
    if (s[4] != 0.0) {
      for (int i = 0; i < 2; ++i) {
        out[2 * i] = numpy_cos(static_cast<float>(s[i]));
        out[2 * i + 1] = numpy_sin(static_cast<float>(s[i]));
        out[4 + i] = static_cast<float>(s[2 + i]);
      }
      return;
    }
    out[0] = static_cast<float>(std::cos(s[0]));
    out[1] = static_cast<float>(std::sin(s[0]));
    out[2] = static_cast<float>(std::cos(s[1]));
    out[3] = static_cast<float>(std::sin(s[1]));
    out[4] = static_cast<float>(s[2]);
    out[5] = static_cast<float>(s[3]);
  }
  static double step(double* s, std::int64_t action, const Options&, bool* terminated) {
    constexpr double dt = 0.2, half = dt / 2.0;
    const double torque = static_cast<double>(action - 1);
    double k1[4], k2[4], k3[4], k4[4], y[4];
    slopes(s, torque, k1);
    for (int i = 0; i < 4; ++i) y[i] = s[i] + half * k1[i];
    slopes(y, torque, k2);
    for (int i = 0; i < 4; ++i) y[i] = s[i] + half * k2[i];
    slopes(y, torque, k3);
    for (int i = 0; i < 4; ++i) y[i] = s[i] + dt * k3[i];
    slopes(y, torque, k4);
    for (int i = 0; i < 4; ++i) s[i] += dt / 6.0 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    for (int i = 0; i < 2; ++i) {
      while (s[i] > pi) s[i] -= 2 * pi;
      while (s[i] < -pi) s[i] += 2 * pi;
    }
    s[4] = 0.0;
    s[2] = bounded(s[2], 4 * pi);
    s[3] = bounded(s[3], 9 * pi);
    *terminated = -std::cos(s[0]) - std::cos(s[1] + s[0]) > 1.0;
    return *terminated ? 0.0 : -1.0;
  }

 private:
  static double bounded(double x, double most) { return x < -most ? -most : (x > most ? most : x); }
  static void slopes(const double* s, double torque, double* out) {
    constexpr double gravity = 9.8,
                     com_sq = 0.5 * 0.5;  // masses, lengths and inertias are 1, centres of mass 0.5
    const double cosine2 = std::cos(s[1]), sine2 = std::sin(s[1]), speed1 = s[2], speed2 = s[3];
    const double d1 = com_sq + (1.0 + com_sq + cosine2) + 1.0 + 1.0;
    const double d2 = (com_sq + 0.5 * cosine2) + 1.0;
    const double phi2 = 0.5 * gravity * std::cos(s[0] + s[1] - pi / 2.0);
    const double phi1 = -0.5 * power2(speed2) * sine2 - speed2 * speed1 * sine2 +
                        1.5 * gravity * std::cos(s[0] - pi / 2) + phi2;
    const double acc2 =
        (torque + d2 / d1 * phi1 - 0.5 * power2(speed1) * sine2 - phi2) / (com_sq + 1.0 - power2(d2) / d1);
    out[0] = speed1;
    out[1] = speed2;
    out[2] = -(d2 * acc2 + phi1) / d1;
    out[3] = acc2;
  }
};

// The notebook's: walk to position 10. Not gymnasium's; the same arithmetic in double.
struct Simple1D {
  static constexpr int state_size = 1, observation_size = 1, choices = 0, action_size = 1;
  static constexpr double low = 0, high = 0;

  static void reset(double* s, Pcg64&, const Options&) { s[0] = 0.0; }
  static void observe(const double* s, float* out) { out[0] = static_cast<float>(s[0]); }
  static double step(double* s, const float* action, const Options&, bool* terminated) {
    s[0] += static_cast<double>(action[0]);
    *terminated = false;
    return -std::fabs(s[0] - 10.0);
  }
};

}  // namespace ember::exact
