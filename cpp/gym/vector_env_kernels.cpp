// The environment headers in double, over arrays.
#include "envs/builtin.h"
#include "gym/library_sin_cos.h"
#include "gym/pack.h"
#include "gym/vector_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

template <template <class> class Env>
void reset(const double* constants, int stride, int i, const double* u, double* state) {
  const Env<double> env(constants);
  double s[Env<double>::states];
  env.reset(s, u);
  for (int k = 0; k < Env<double>::states; ++k) state[k * stride + i] = s[k];
}

template <template <class> class Env>
void step(const double* constants, int stride, const double* actions, double* state, double* rewards,
          bool* terminated) {
  constexpr int states = Env<double>::states;
  const Env<double> env(constants);
  for (int i = 0; i < stride; ++i) {
    double s[states];
    for (int k = 0; k < states; ++k) s[k] = state[k * stride + i];
    mask_of<double> over;
    env.step(s, &actions[i], &rewards[i], &over);
    terminated[i] = over;
    for (int k = 0; k < states; ++k) state[k * stride + i] = s[k];
  }
}

// CartPole has no branches: four at a time. Sines and cosines first, of a block: a call of the C library among vectors
// would have all of them saved and loaded again.
template <>
void step<CartPole>(const double* constants, int stride, const double* actions, double* state,
                    double* rewards, bool* terminated) {
  typedef unsigned char flags __attribute__((vector_size(4)));
  constexpr int states = CartPole<pack>::states, angle = 2, block = pack::turned_apart;
  const CartPole<pack> env(constants);
  double turned[2][block];
  for (int first = 0; first < stride; first += block) {
    const int count = stride - first < block ? stride - first : block;
    library_sin_cos<block>(state + angle * stride + first, count, turned[0], turned[1]);
    for (int j = 0; j < count; j += pack::size) {
      const int i = first + j;
      pack s[states], reward, action = load_pack(actions + i);
      for (int k = 0; k < states; ++k) s[k] = load_pack(state + k * stride + i);
      s[angle].turned = &turned[0][j];
      packmask over;
      env.step(s, &action, &reward, &over);
      store_pack(rewards + i, reward);
      const flags ended = __builtin_convertvector(over.v, flags) & 1;
      std::memcpy(terminated + i, &ended, sizeof ended);
      for (int k = 0; k < states; ++k) store_pack(state + k * stride + i, s[k]);
    }
  }
}

template <template <class> class Env>
void observe(const double* constants, int stride, int n, const double* state, float* observations) {
  constexpr int states = Env<double>::states, size = Env<double>::observations;
  const Env<double> env(constants);
  for (int i = 0; i < n; ++i) {
    double s[states], out[size];
    for (int k = 0; k < states; ++k) s[k] = state[k * stride + i];
    env.observe(s, out);
    for (int k = 0; k < size; ++k) observations[i * size + k] = (float)out[k];
  }
}

template <template <class> class Env>
constexpr VectorSizes sizes{Env<double>::states, Env<double>::observations, Env<double>::uniforms};

#define EMBER_SIZES(Env) sizes<Env>,
#define EMBER_RESET(Env) reset<Env>,
#define EMBER_STEP(Env) step<Env>,
#define EMBER_OBSERVE(Env) observe<Env>,
constexpr VectorSizes all_sizes[] = {EMBER_ENVIRONMENTS(EMBER_SIZES)};
constexpr decltype(&reset<CartPole>) resets[] = {EMBER_ENVIRONMENTS(EMBER_RESET)};
constexpr decltype(&step<CartPole>) steps[] = {EMBER_ENVIRONMENTS(EMBER_STEP)};
constexpr decltype(&observe<CartPole>) observers[] = {EMBER_ENVIRONMENTS(EMBER_OBSERVE)};

VectorSizes sizes_of(int environment) { return all_sizes[environment]; }
void reset_one(int environment, const double* constants, int stride, int i, const double* u, double* state) {
  resets[environment](constants, stride, i, u, state);
}
void step_all(int environment, const double* constants, int stride, const double* actions, double* state,
              double* rewards, bool* terminated) {
  steps[environment](constants, stride, actions, state, rewards, terminated);
}
void observe_all(int environment, const double* constants, int stride, int n, const double* state,
                 float* observations) {
  observers[environment](constants, stride, n, state, observations);
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(VectorKernels, {ember::EMBER_LEVEL::sizes_of, ember::EMBER_LEVEL::reset_one,
                                     ember::EMBER_LEVEL::step_all, ember::EMBER_LEVEL::observe_all})
