// Blocks of accumulators, of which dense layers of contract "one neuron" (policy.h) are made.
//
// A block holds B independent sums in registers and walks the inputs i = k, k + 4, ... for one k after the
// other: with k outermost eight sums share each input, and the sums of different outputs, not those of one
// neuron, hide the latency of the fma. The finished partial sums wait in y and in a small array.
#pragma once

#include "policy/activation.h"

namespace ember {
namespace EMBER_LEVEL {

// y[j] for j < B: input(i) gives what all sums of the block share, weight(i, j) the other factor, start(j)
// the bias. by_sum: weight(row, j) instead, rows counted in the order in which they are read.
template <int B, bool by_sum = false, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neuron_block(int inputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat s[B];
  float first[B * lanes], last[B * lanes];
  int row = 0;
  const auto pass = [&](int k) EMBER_INLINE_LAMBDA {
    for (int i = k; i < inputs; i += 4, ++row) {
      const auto x = input(i);
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) s[j] = fma(weight(by_sum ? row : i, j), x, s[j]);
    }
  };
  const auto zero = [&]() EMBER_INLINE_LAMBDA {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = splat(0.0f);
  };
#pragma GCC unroll 16
  for (int j = 0; j < B; ++j) s[j] = start(j);
  pass(0);
  if (inputs > 1) {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) store(first + j * lanes, s[j]);
    zero();
    pass(1);
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = load(first + j * lanes) + s[j];
  }
  if (inputs > 2) {
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) store(first + j * lanes, s[j]);
    zero();
    pass(2);
    if (inputs > 3) {
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) store(last + j * lanes, s[j]);
      zero();
      pass(3);
#pragma GCC unroll 16
      for (int j = 0; j < B; ++j) s[j] = load(last + j * lanes) + s[j];
    }
#pragma GCC unroll 16
    for (int j = 0; j < B; ++j) s[j] = load(first + j * lanes) + s[j];
  }
#pragma GCC unroll 16
  for (int j = 0; j < B; ++j) finish(j, s[j]);
}

// The same sums with the four k side by side: for few outputs, where one k would leave the fma units waiting,
// and for few inputs, where a pass is not worth its loads and stores.
template <int B, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neuron_block_narrow(int inputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat s[B][4];
#pragma GCC unroll 8
  for (int j = 0; j < B; ++j) {
    s[j][0] = start(j);
    s[j][1] = s[j][2] = s[j][3] = splat(0.0f);
  }
  int i = 0;
  for (; i + 4 <= inputs; i += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      const auto x = input(i + k);
#pragma GCC unroll 8
      for (int j = 0; j < B; ++j) s[j][k] = fma(weight(i + k, j), x, s[j][k]);
    }
  }
  const auto rest = [&](int k) EMBER_INLINE_LAMBDA {
    const auto x = input(i + k);
#pragma GCC unroll 8
    for (int j = 0; j < B; ++j) s[j][k] = fma(weight(i + k, j), x, s[j][k]);
  };
  if (i < inputs) rest(0);
  if (i + 1 < inputs) rest(1);
  if (i + 2 < inputs) rest(2);
#pragma GCC unroll 8
  for (int j = 0; j < B; ++j) {
    vfloat sum = s[j][0];
    if (inputs > 1) sum = sum + s[j][1];
    if (inputs > 3) sum = sum + (s[j][2] + s[j][3]);
    if (inputs == 3) sum = sum + s[j][2];
    finish(j, sum);
  }
}

// The same with N inputs, all in registers.
template <int N, class Input, class Weight, class Start, class Finish>
EMBER_INLINE void neurons_few(int outputs, Input input, Weight weight, Start start, Finish finish) {
  vfloat x[N];
#pragma GCC unroll 4
  for (int i = 0; i < N; ++i) x[i] = input(i);
#pragma GCC unroll 4
  for (int j = 0; j < outputs; ++j) {
    vfloat s[N];
    s[0] = fma(weight(0, j), x[0], start(j));
#pragma GCC unroll 4
    for (int i = 1; i < N; ++i) s[i] = fma(weight(i, j), x[i], splat(0.0f));
    if (N > 1) s[0] = s[0] + s[1];
    if (N == 3) s[0] = s[0] + s[2];
    if (N == 4) s[0] = s[0] + (s[2] + s[3]);
    finish(j, s[0]);
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
