// What a population is: described by numbers, never stored.
#pragma once

#include <cstdint>

namespace ember {

// Purposes of the keyed random streams (noise/noise.h). Part of stream version 1: never renumbered.
enum class Purpose : std::uint32_t {
  noise = 0,     // perturbations of training
  reset = 1,     // environment resets of training
  evaluate = 2,  // resets of Trainer.evaluate / Run.evaluate
  warmup = 3,    // resets and perturbations of the observation warm-up
  judge = 4,     // resets on which the best policy so far is judged
  ops = 5,       // ember_ml.ops random functions
  init = 6,      // initial parameters
  confirm = 7,   // resets on which a policy that reached `until` is confirmed
  curve = 8,     // resets of the evaluations along a training
};

struct PerturbationPlan;  // noise/perturbation.h

// Members of one generation. With antithetic sampling members 2k and 2k+1 are
//   mean + scale * noise(seed, generation, k)   and   mean - scale * noise(seed, generation, k),
// without it member k is mean + scale * noise(seed, generation, k): product and sum each rounded to float32;
// with a perturbation, what perturbation.h says.
struct Population {
  const float* mean = nullptr;   // (parameters,)
  const float* scale = nullptr;  // (1,) or (parameters,)
  bool scale_per_parameter = false;
  std::uint64_t seed = 0;
  std::uint32_t generation = 0;
  int first_direction = 0;  // a shard evaluates directions [first_direction, first_direction + directions)
  int directions = 0;
  bool antithetic = true;
  Purpose noise_purpose = Purpose::noise;
  Purpose reset_purpose = Purpose::reset;
  bool common_starts = false;   // resets keyed without the direction: all members share their starts
  const float* rows = nullptr;  // explicit members (directions, parameters) instead of mean/scale/noise;
                                // antithetic must then be false
  const PerturbationPlan* perturbation = nullptr;  // null: a normal for each parameter
  // The noise of a small problem, (directions, noise_stride(parameters)), drawn once for evaluation and update. Null: both
  // draw it.
  const float* drawn = nullptr;
  int members() const { return antithetic ? 2 * directions : directions; }
};

// Floats from one direction's noise to the next in Population::drawn: whole groups of the stream.
__attribute__((always_inline)) constexpr std::int64_t noise_stride(std::int64_t parameters) {
  return (parameters + 63) / 64 * 64;
}

}  // namespace ember
