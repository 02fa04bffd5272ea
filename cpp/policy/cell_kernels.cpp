// Cells with memory: what comes after their gates' dense layers.
#include "core/math.h"
#include "policy/cell_table.h"
#include "policy/layers.h"

namespace ember {
namespace EMBER_LEVEL {

void step_cell(int kind, int vectors, std::int64_t gate, const float* a, const float* b, float* state,
               float* y) {
  float *h = state, *c = state + (std::int64_t)vectors * lanes;
  const auto sum = [=](int k, int i) EMBER_INLINE_LAMBDA {
    return load(a + k * gate + i * lanes) + load(b + k * gate + i * lanes);
  };
  const auto put = [=](int i, vfloat next) EMBER_INLINE_LAMBDA {
    store(h + i * lanes, next);
    store(y + i * lanes, next);
  };
  switch ((LayerKind)kind) {
    case LayerKind::dense:
      return;
    case LayerKind::rnn_tanh:
      for (int i = 0; i < vectors; ++i) put(i, tanh(sum(0, i)));
      return;
    case LayerKind::rnn_relu:
      for (int i = 0; i < vectors; ++i) put(i, max(vfloat(0.0f), sum(0, i)));
      return;
    case LayerKind::gru:
      for (int i = 0; i < vectors; ++i) {
        const vfloat r = sigmoid(sum(0, i)), z = sigmoid(sum(1, i));
        const vfloat n = tanh(load(a + 2 * gate + i * lanes) + r * load(b + 2 * gate + i * lanes));
        put(i, n + z * (load(h + i * lanes) - n));
      }
      return;
    case LayerKind::lstm:
      for (int i = 0; i < vectors; ++i) {
        const vfloat in = sigmoid(sum(0, i)), forget = sigmoid(sum(1, i));
        const vfloat seen = tanh(sum(2, i)), out = sigmoid(sum(3, i));
        const vfloat next = forget * load(c + i * lanes) + in * seen;
        store(c + i * lanes, next);
        put(i, out * tanh(next));
      }
      return;
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(CellKernels, {EMBER_LEVEL::lanes, EMBER_LEVEL::step_cell})
