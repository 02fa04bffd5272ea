// The constant facts of a built-in environment, as plain data that needs no SIMD level.
#pragma once

namespace ember {

struct EnvParameter {
  const char* name;
  double value;
};

struct EnvDescription {
  const char* name;
  int observations;
  int actions;  // size of the Box, or number of choices
  bool discrete;
  int max_steps;
  double reward_threshold;  // NaN: none
  float action_bound;       // Box: -bound .. bound
  float observation_high[6], observation_low[6];
  int parameter_count;
  EnvParameter parameters[12];  // what env_parameters overrides, in this order
};

}  // namespace ember
