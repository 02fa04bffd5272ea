// The facts of a built-in environment, as plain data that needs no SIMD level. They stand in its header alone: the
// registry, gymnasium's registrations, spaces, resets and the names in pictures are made from them.
#pragma once

namespace ember {

template <class Value, int most>
struct AtMost {
  Value at[most];
};

// From low to high, for every number that a reset draws; `symmetric`: from -low to low for the first and from -high to
// high for the others. gymnasium's reset options put other bounds in their place.
struct EnvStart {
  double low = 0.0, high = 0.0;
  bool symmetric = false;
  bool float32 = false;  // gymnasium's first state is float32
};

struct EnvParameter {
  const char* name;
  double value;
};

struct EnvDescription {
  const char* name = "";
  int observations = 0;
  int actions = 0;  // size of the Box, or number of choices
  bool discrete = false;
  float action_bound = 0.0f;  // Box: -bound .. bound
  int max_steps = 0;
  double reward_threshold = __builtin_nan("");  // none
  EnvStart start{};
  int state_size = 0;                          // numbers of gymnasium's state, the first of ours
  AtMost<const char*, 6> observation_names{};  // one each
  AtMost<const char*, 6> action_names{};       // one a value or choice
  AtMost<EnvParameter, 12>
      parameters{};  // what env_parameters overrides, in this order; up to the first without name
};

}  // namespace ember
