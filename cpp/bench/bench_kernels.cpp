#include "bench/bench_table.h"
#include "bench/counted.h"
#include "envs/builtin.h"
#include "policy/activation.h"
#include "policy/layers.h"
#include "rollout/evaluate.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

float fma_rounds(std::int64_t count) {
  vfloat sums[12];
  for (int i = 0; i < 12; ++i) sums[i] = splat(1.0f + (float)i);
  const vfloat x(0.999999f), y(1e-7f);
  for (std::int64_t n = 0; n < count; ++n) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) sums[i] = fma(sums[i], x, y);
  }
  vfloat total = sums[0];
  for (int i = 1; i < 12; ++i) total += sums[i];
  return total[0];
}

float read(const float* from, std::int64_t count) {
  vfloat sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = splat(0.0f);
  for (std::int64_t n = 0; n + 8 * lanes <= count; n += 8 * lanes) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) sums[i] += load(from + n + i * lanes);
  }
  vfloat total = sums[0];
  for (int i = 1; i < 8; ++i) total += sums[i];
  return total[0];
}

void tanh_array(float* x, std::int64_t count) {
  for (std::int64_t i = 0; i + lanes <= count; i += lanes) store(x + i, tanh(load(x + i)));
}

template <template <class> class E>
float step(const double* constants, int vectors, std::int64_t steps) {
  using Env = E<vfloat>;
  constexpr int most = 64;
  const Env env(constants);
  vfloat start[Env::states], u[Env::uniforms + 1];
  for (int i = 0; i < Env::uniforms; ++i) u[i] = to_float(iota()) * 0.1f;
  env.reset(start, u);
  float states[most][Env::states * lanes];
  if (vectors > most) vectors = most;
  for (int v = 0; v < vectors; ++v) {
    for (int i = 0; i < Env::states; ++i) store(states[v] + i * lanes, start[i]);
  }
  vfloat total(0.0f);
  for (std::int64_t n = 0; n < steps; ++n) {
    const vfloat action = to_float((iota() + vint((int)(n * 7 % 5))) & 1);
    for (int v = 0; v < vectors; ++v) {
      vfloat state[Env::states], reward;
      vmask ended;
      for (int i = 0; i < Env::states; ++i) state[i] = load(states[v] + i * lanes);
      env.step(state, &action, &reward, &ended);
      total += reward;
      for (int i = 0; i < Env::states; ++i) store(states[v] + i * lanes, select(ended, start[i], state[i]));
    }
  }
  // Nothing that was stepped may be left out as unused.
  for (int v = 0; v < vectors; ++v) {
    for (int i = 0; i < Env::states; ++i) total += load(states[v] + i * lanes);
  }
  return total[0];
}

using Stepper = float (*)(const double*, int, std::int64_t);
#define EMBER_STEPPER(Name) step<Name>,
constexpr Stepper steppers[] = {EMBER_ENVIRONMENTS(EMBER_STEPPER)};
#undef EMBER_STEPPER

float step_environment(int environment, const double* constants, int vectors, std::int64_t steps) {
  return steppers[environment](constants, vectors, steps);
}

using Counter = int (*)(const double*);
#define EMBER_COUNTER(Name) operations<Name>,
constexpr Counter counters[] = {EMBER_ENVIRONMENTS(EMBER_COUNTER)};
#undef EMBER_COUNTER

int count_operations(int environment, const double* constants) { return counters[environment](constants); }

// s' = clip(0.99 s + a B, -5, 5), 17 numbers, 6 actions; B has rows of 32 and is the context.
void linear_step(void* context, std::int32_t count, void* states, const float* actions, float* observations,
                 float* rewards, std::uint8_t* flags) {
  constexpr int size = 17, action_size = 6, width = 32;  // a state is a row of `width` too
  const float* matrix = (const float*)context;
  for (std::int32_t n = 0; n < count; ++n) {
    float* state = (float*)states + n * width;
    for (int v = 0; v < width / lanes; ++v) {
      vfloat next = 0.99f * load(state + v * lanes);
      for (int j = 0; j < action_size; ++j) {
        next = fma(splat(actions[n * action_size + j]), load(matrix + j * width + v * lanes), next);
      }
      store(state + v * lanes, max(vfloat(-5.0f), min(vfloat(5.0f), next)));
    }
    std::memcpy(observations + n * size, state, sizeof(float) * size);
    rewards[n] = state[0];
    flags[n] = 0;
  }
}

template <int G>
void forward_episodes(const PolicyPlan& policy, const float* weights, float* x, float* y) {
  const std::int64_t size = (std::int64_t)policy.widest * lanes;
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    const float* in[G];
    float* out[G];
    for (int g = 0; g < G; ++g) {
      in[g] = x + g * size;
      out[g] = y + g * size;
    }
    dense_episodes<G>(layer, weights, in, out);
    for (int g = 0; g < G; ++g)
      elementwise<true>(layer.after, layer.after_count, out[g], layer.outputs, layer.outputs);
    float* other = x;
    x = y;
    y = other;
  }
}

void forward(const PolicyPlan& policy, int layout, int groups, const float* weights, float* x, float* y) {
  if (layout == (int)Layout::episodes) {
    return groups == 1 ? forward_episodes<1>(policy, weights, x, y)
                       : forward_episodes<2>(policy, weights, x, y);
  }
  for (int n = 0; n < policy.layer_count; ++n) {
    const LayerPlan& layer = policy.layers[n];
    if (layout == (int)Layout::units) {
      const int done = dense_units(layer, weights, x, y, true, false);
      elementwise<false>(layer.after + done, layer.after_count - done, y,
                         padded(layer.outputs, lanes) / lanes, layer.outputs);
    } else {
      const int done = dense_members(layer, weights, x, y);
      elementwise<true>(layer.after + done, layer.after_count - done, y, layer.outputs, layer.outputs);
    }
    float* other = x;
    x = y;
    y = other;
  }
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(BenchKernels, {lanes, fma_rounds, read, tanh_array, step_environment, count_operations,
                                    forward, linear_step})
