#include "envs/environment_info.h"

#include "envs/builtin_table.h"

namespace ember {

const std::vector<EnvironmentInfo>& builtin_environments() {
  static const std::vector<EnvironmentInfo> all = [] {
    const EnvironmentKernels& table = kernels<EnvironmentKernels>();
    std::vector<EnvironmentInfo> infos;
    for (int n = 0; n < table.count; ++n) {
      const EnvDescription& d = table.describe(n);
      EnvironmentInfo info;
      info.name = d.name;
      info.observations = d.observations;
      info.actions = d.actions;
      info.discrete = d.discrete;
      info.max_steps = d.max_steps;
      info.reward_threshold = d.reward_threshold;
      if (!d.discrete) {
        info.action_low.assign(static_cast<std::size_t>(d.actions), -d.action_bound);
        info.action_high.assign(static_cast<std::size_t>(d.actions), d.action_bound);
      }
      info.observation_names.assign(d.observation_names.at, d.observation_names.at + d.observations);
      info.action_names.assign(d.action_names.at, d.action_names.at + d.actions);
      info.state_size = d.state_size;
      info.start = d.start;
      for (const EnvParameter& parameter : d.parameters.at) {
        if (parameter.name == nullptr) break;
        info.parameter_names.emplace_back(parameter.name);
        info.parameter_defaults.push_back(parameter.value);
      }
      infos.push_back(std::move(info));
    }
    return infos;
  }();
  return all;
}

}  // namespace ember
