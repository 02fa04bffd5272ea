// Dense layers with output units in the lanes.
#include "policy/activation.h"
#include "policy/dense_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

// `V` vectors of outputs for `R` rows. `last` lanes of the last vector are live: `lanes`, or fewer at the
// right edge.
template <int R, int V, bool edge>
EMBER_INLINE void block(const float* x, int inputs, std::ptrdiff_t stride, const float* weight,
                        const float* bias, int last, Activation activation, float* y) {
  const auto read = [last](const float* from, int v) {
    return edge && v == V - 1 ? load_first(from + v * lanes, last) : load(from + v * lanes);
  };
  vfloat sum[4][R][V];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) {
      sum[0][r][v] = bias ? read(bias, v) : vfloat(0.0f);
      sum[1][r][v] = sum[2][r][v] = sum[3][r][v] = vfloat(0.0f);
    }
  const auto accumulate = [&](int i, int k) {
    for (int v = 0; v < V; ++v) {
      const vfloat w = read(weight + i * stride, v);
      for (int r = 0; r < R; ++r)
        sum[k][r][v] = fma(w, vfloat(x[r * static_cast<std::ptrdiff_t>(inputs) + i]), sum[k][r][v]);
    }
  };
  int i = 0;
  for (; i + 4 <= inputs; i += 4) {
    accumulate(i, 0);
    accumulate(i + 1, 1);
    accumulate(i + 2, 2);
    accumulate(i + 3, 3);
  }
  if (i < inputs) accumulate(i, 0);
  if (i + 1 < inputs) accumulate(i + 1, 1);
  if (i + 2 < inputs) accumulate(i + 2, 2);
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) {
      vfloat total = sum[0][r][v];
      if (inputs > 1) total = total + sum[1][r][v];
      if (inputs == 3) total = total + sum[2][r][v];
      if (inputs > 3) total = total + (sum[2][r][v] + sum[3][r][v]);
      total = activate(activation, total);
      float* to = y + r * stride + v * lanes;
      if (edge && v == V - 1)
        store_first(to, total, last);
      else
        store(to, total);
    }
}

template <int V, bool edge>
EMBER_INLINE void columns(const float* x, std::ptrdiff_t rows, int inputs, std::ptrdiff_t stride,
                          const float* weight, const float* bias, int last, Activation activation, float* y) {
  constexpr int together = V == 1 ? 3 : 1;  // twelve or eight partial sums fit the registers
  std::ptrdiff_t r = 0;
  for (; r + together <= rows; r += together)
    block<together, V, edge>(x + r * inputs, inputs, stride, weight, bias, last, activation, y + r * stride);
  for (; r < rows; ++r)
    block<1, V, edge>(x + r * inputs, inputs, stride, weight, bias, last, activation, y + r * stride);
}

void dense(const float* x, std::ptrdiff_t rows, int inputs, int outputs, const float* weight,
           const float* bias, Activation activation, float* y) {
  // A column of weights stays in the first cache for all rows.
  const auto shifted = [bias](int o) { return bias ? bias + o : nullptr; };
  int o = 0;
  if (rows < 3)
    for (; o + 2 * lanes <= outputs; o += 2 * lanes)
      columns<2, false>(x, rows, inputs, outputs, weight + o, shifted(o), lanes, activation, y + o);
  for (; o + lanes <= outputs; o += lanes)
    columns<1, false>(x, rows, inputs, outputs, weight + o, shifted(o), lanes, activation, y + o);
  if (o < outputs)
    columns<1, true>(x, rows, inputs, outputs, weight + o, shifted(o), outputs - o, activation, y + o);
}

void apply(Activation activation, const float* x, std::ptrdiff_t count, float* y) {
  std::ptrdiff_t i = 0;
  for (; i + lanes <= count; i += lanes) store(y + i, activate(activation, load(x + i)));
  const int rest = static_cast<int>(count - i);
  if (rest) store_first(y + i, activate(activation, load_first(x + i, rest)), rest);
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(DenseKernels, {EMBER_LEVEL::dense, EMBER_LEVEL::apply})
