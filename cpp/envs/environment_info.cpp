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
      info.observation_low.assign(d.observation_low, d.observation_low + d.observations);
      info.observation_high.assign(d.observation_high, d.observation_high + d.observations);
      for (int i = 0; i < d.parameter_count; ++i) {
        info.parameter_names.emplace_back(d.parameters[i].name);
        info.parameter_defaults.push_back(d.parameters[i].value);
      }
      infos.push_back(std::move(info));
    }
    return infos;
  }();
  return all;
}

}  // namespace ember
