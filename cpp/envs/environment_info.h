// The built-in environments by name, for whoever is not compiled for a SIMD level.
#pragma once

#include <string>
#include <vector>

#include "envs/description.h"

namespace ember {

struct EnvironmentInfo {
  std::string name;
  int observations = 0, actions = 0;  // actions: size of the Box, or number of choices
  bool discrete = false;
  int max_steps = 0;
  std::vector<float> action_low, action_high;  // Box only
  double reward_threshold = 0.0;               // NaN where gymnasium has none
  std::vector<std::string> parameter_names;    // constants that env_parameters can override
  std::vector<double> parameter_defaults;
  std::vector<std::string> observation_names, action_names;  // one a value, or choice
  int state_size = 0;  // numbers of gymnasium's state, the first of ours
  EnvStart start;
};
const std::vector<EnvironmentInfo>& builtin_environments();

}  // namespace ember
