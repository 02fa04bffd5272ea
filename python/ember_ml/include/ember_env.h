/* The C interface for a user's own environment (installed with the wheel; `ember_ml.envs.include_dir()`).
 *
 * A shared library exports one function `const ember_env* ember_env_get(void)`. All callbacks work on `lanes`
 * independent environments at once and are called from several threads at the same time, each with its own
 * states: no global variables. States are flat blocks of `state_size` bytes that the caller owns, moves with
 * memcpy and frees.
 */
#ifndef EMBER_ENV_H
#define EMBER_ENV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMBER_ENV_ABI 1u

/* Bits of a step's flag. ERROR ends the run with EvaluationError, or with on_error="rank_last" fails its
 * episode, which a non-finite reward or observation does in any case. */
enum { EMBER_TERMINATED = 1, EMBER_TRUNCATED = 2, EMBER_ERROR = 4 };

typedef struct ember_env {
  uint32_t abi_version;      /* EMBER_ENV_ABI */
  uint32_t struct_size;      /* sizeof(ember_env): later versions only append */
  const char* name;          /* UTF-8, for messages */
  uint32_t state_size;       /* bytes of one environment's state */
  uint32_t observation_size; /* float32 values of one observation */
  uint32_t action_size;      /* Box: float32 values of one action. Discrete: number of choices */
  uint32_t discrete;         /* 1: the action is one choice, given as one float holding 0 .. action_size-1 */
  uint32_t max_steps;        /* time limit; must be positive */
  const float* action_low;   /* Box: (action_size,) bounds, or NULL when unbounded */
  const float* action_high;
  void* context; /* handed to every call, read-only while a run lasts; may be NULL */

  /* Starts `lanes` episodes. seeds: one 64-bit number per lane, all that may decide the start.
   * states: lanes * state_size bytes (zeroed). observations: (lanes, observation_size) row-major. */
  void (*reset)(void* context, int32_t lanes, void* states, const uint64_t* seeds, float* observations);

  /* One step. actions: (lanes, action_size), or (lanes, 1) when discrete. Writes observations, rewards
   * (lanes,) and flags (lanes,): 0 or a combination of the bits above. Time limits are the caller's work.
   * Rewards have the 24 bits of a float: keep large constants out of them. */
  void (*step)(void* context, int32_t lanes, void* states, const float* actions, float* observations,
               float* rewards, uint8_t* flags);

  /* Optional from here on: zero in a struct that is larger, absent from one that is smaller. */

  /* A thread begins to play: what `open` returns is handed to reset and step in place of context, until
   * `close` takes it back. Null: every thread is handed context. */
  void* (*open)(void* context);
  void (*close)(void* opened);
  /* 1: what `open` returned holds the state, so a thread plays one episode to its end before the next and
   * `lanes` is 1. Needs open. */
  uint32_t one_at_a_time;
} ember_env;

typedef const ember_env* (*ember_env_get_function)(void);

/* A small generator for resets: uniform in [0, 1) with 24 bits, advancing *seed (splitmix64). */
static inline float ember_uniform(uint64_t* seed) {
  uint64_t z = (*seed += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return (float)(z >> 40) * (1.0f / 16777216.0f);
}

#ifdef __cplusplus
}
#endif
#endif
