/* A synthetic task of 17 observations and 6 actions, cheap enough that the policy decides the speed:
 * s' = clip(0.99 s + a B, -5, 5), 1000 steps, the reward is s[0]. Its rivals do the same arithmetic. */
#include <string.h>

#include "ember_env.h"

enum { SIZE = 17, ACTIONS = 6, WIDTH = 24 /* a state and a row of B, padded to whole vectors */ };

static float matrix[ACTIONS][WIDTH];

__attribute__((constructor)) static void fill(void) {
  uint64_t random = 5;
  for (int j = 0; j < ACTIONS; ++j)
    for (int i = 0; i < SIZE; ++i) matrix[j][i] = 0.2f * (ember_uniform(&random) - 0.5f);
}

static void reset(void* context, int32_t lanes, void* states, const uint64_t* seeds, float* observations) {
  (void)context;
  for (int32_t n = 0; n < lanes; ++n) {
    uint64_t random = seeds[n];
    float* s = (float*)states + n * WIDTH;
    for (int i = 0; i < SIZE; ++i) s[i] = 2.0f * ember_uniform(&random) - 1.0f;
    for (int i = SIZE; i < WIDTH; ++i) s[i] = 0.0f;
    memcpy(observations + n * SIZE, s, SIZE * sizeof(float));
  }
}

static void step(void* context, int32_t lanes, void* states, const float* actions, float* observations,
                 float* rewards, uint8_t* flags) {
  (void)context;
  for (int32_t n = 0; n < lanes; ++n) {
    float* s = (float*)states + n * WIDTH;
    const float* a = actions + n * ACTIONS;
    float next[WIDTH];
    for (int i = 0; i < WIDTH; ++i) next[i] = 0.99f * s[i];
    for (int j = 0; j < ACTIONS; ++j)
      for (int i = 0; i < WIDTH; ++i) next[i] += a[j] * matrix[j][i];
    for (int i = 0; i < WIDTH; ++i) {
      next[i] = next[i] > -5.0f ? next[i] : -5.0f;
      next[i] = next[i] < 5.0f ? next[i] : 5.0f;
    }
    memcpy(s, next, sizeof next);
    memcpy(observations + n * SIZE, next, SIZE * sizeof(float));
    rewards[n] = next[0];
    flags[n] = 0;
  }
}

static const ember_env env = {
    .abi_version = EMBER_ENV_ABI,
    .struct_size = sizeof(ember_env),
    .name = "linear task",
    .state_size = WIDTH * sizeof(float),
    .observation_size = SIZE,
    .action_size = ACTIONS,
    .max_steps = 1000,
    .reset = reset,
    .step = step,
};

const ember_env* ember_env_get(void) { return &env; }
