/* A pendulum of your own, to copy and change: swing up and stay up, as in gymnasium's Pendulum-v1.
 *
 *   from ember_ml import envs, es
 *   run = es.train(envs.compile("my_env.c"), sigma=1.0, learning_rate=0.3, episodes=2, generations=400)
 *   run.evaluate(episodes=100).mean   # about -150: it swings up and stands; nothing gets more than about -139
 */
#include <math.h>

#include "ember_env.h"

typedef struct {
  double angle, speed; /* 0 is upright, radians; radians per second */
} pendulum;

static const double PI = 3.14159265358979323846;

static void observe(const pendulum* p, float* observation) {
  observation[0] = (float)cos(p->angle);
  observation[1] = (float)sin(p->angle);
  observation[2] = (float)p->speed;
}

static void reset(void* context, int32_t lanes, void* states, const uint64_t* seeds, float* observations) {
  pendulum* p = states;
  (void)context;
  for (int32_t i = 0; i < lanes; ++i) {
    uint64_t random = seeds[i];
    p[i].angle = PI * (2.0 * ember_uniform(&random) - 1.0);
    p[i].speed = 2.0 * ember_uniform(&random) - 1.0;
    observe(&p[i], observations + 3 * i);
  }
}

static void step(void* context, int32_t lanes, void* states, const float* actions, float* observations,
                 float* rewards, uint8_t* flags) {
  pendulum* p = states;
  (void)context;
  for (int32_t i = 0; i < lanes; ++i) {
    const double torque = fmin(fmax(actions[i], -2.0), 2.0);
    const double angle = p[i].angle - 2.0 * PI * floor((p[i].angle + PI) / (2.0 * PI));
    rewards[i] = (float)-(angle * angle + 0.1 * p[i].speed * p[i].speed + 0.001 * torque * torque);
    p[i].speed += (15.0 * sin(p[i].angle) + 3.0 * torque) * 0.05;
    p[i].speed = fmin(fmax(p[i].speed, -8.0), 8.0);
    p[i].angle += p[i].speed * 0.05;
    flags[i] = 0; /* or EMBER_TERMINATED, EMBER_TRUNCATED, EMBER_ERROR */
    observe(&p[i], observations + 3 * i);
  }
}

static const float low = -2.0f, high = 2.0f;

static const ember_env env = {
    .abi_version = EMBER_ENV_ABI,
    .struct_size = sizeof(ember_env),
    .name = "MyPendulum",
    .state_size = sizeof(pendulum),
    .observation_size = 3,
    .action_size = 1,
    .discrete = 0,
    .max_steps = 200,
    .action_low = &low,
    .action_high = &high,
    .context = 0,
    .reset = reset,
    .step = step,
};

const ember_env* ember_env_get(void) { return &env; }
