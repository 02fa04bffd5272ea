#include "rollout/custom.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "core/checked.h"

namespace ember {
namespace {

void check_custom(const ember_env& env) {
  const std::string name = env.name ? env.name : "custom environment";
  if (env.abi_version != EMBER_ENV_ABI) {
    refuse(name + ": abi_version: got " + std::to_string(env.abi_version) + ", wanted " +
           std::to_string(EMBER_ENV_ABI));
  }
  constexpr std::size_t least = offsetof(ember_env, open);  // what the first version had
  if (env.struct_size < least) {
    refuse(name + ": struct_size: got " + std::to_string(env.struct_size) + ", wanted at least " +
           std::to_string(least));
  }
  checked_int(name + ": state_size", env.state_size, 0, 1 << 30);
  checked_int(name + ": observation_size", env.observation_size, 1, 1 << 20);
  checked_int(name + ": action_size", env.action_size, 1, 1 << 20);
  checked_int(name + ": max_steps", env.max_steps, 1, 1 << 30);
  if (!env.reset || !env.step) refuse(name + ": reset and step must not be null");
}

}  // namespace

ember_env whole(const ember_env& env) {
  check_custom(env);
  ember_env copy{};
  std::memcpy(&copy, &env, std::min<std::size_t>(env.struct_size, sizeof copy));
  const std::string name = copy.name ? copy.name : "custom environment";
  if (!copy.open != !copy.close) refuse(name + ": open and close come together");
  if (copy.one_at_a_time && !copy.open) refuse(name + ": one_at_a_time needs open");
  return copy;
}

}  // namespace ember
