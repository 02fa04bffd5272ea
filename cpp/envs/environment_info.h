// The built-in environments by name, for whoever is not compiled for a SIMD level.
#pragma once

#include <string>
#include <vector>

namespace ember {

struct EnvironmentInfo {
  std::string name;
  int observations = 0, actions = 0;  // actions: size of the Box, or number of choices
  bool discrete = false;
  int max_steps = 0;
  std::vector<float> action_low, action_high;  // Box only
  std::vector<float> observation_low, observation_high;
  double reward_threshold = 0.0;             // NaN where gymnasium has none
  std::vector<std::string> parameter_names;  // constants that env_parameters can override
  std::vector<double> parameter_defaults;
};
const std::vector<EnvironmentInfo>& builtin_environments();

}  // namespace ember
