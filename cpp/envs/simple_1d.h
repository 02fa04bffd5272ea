// Simple1D-v0, the environment of the seed notebook: a point on a line, moved by the action, wants to be at
// the target.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

template <class T>
struct Simple1D {
  static constexpr EnvDescription description = {"Simple1D-v0",
                                                 1,
                                                 1,
                                                 false,
                                                 100,
                                                 __builtin_nan(""),
                                                 1.0f,
                                                 {__builtin_inff()},
                                                 {-__builtin_inff()},
                                                 2,
                                                 {{"target", 10.0}, {"start", 0.0}}};
  static constexpr int states = 1, observations = 1, actions = 1, uniforms = 0;

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
