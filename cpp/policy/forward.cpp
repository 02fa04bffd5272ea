#include "policy/forward.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "policy/dense_table.h"

namespace ember {
namespace {

void apply(const std::vector<Elementwise>& operations, const DenseKernels& kernels, float* x, int count) {
  for (const Elementwise& operation : operations) {
    if (operation.kind == Elementwise::Kind::activation) {
      kernels.activate(operation.activation, x, count, x);
      continue;
    }
    const bool one = operation.values.size() == 1;
    for (int i = 0; i < count; ++i) {
      const float value = operation.values[one ? 0 : static_cast<std::size_t>(i)];
      x[i] = operation.kind == Elementwise::Kind::scale ? x[i] * value : x[i] + value;
    }
  }
}

}  // namespace

void forward_members(const Policy& policy, const float* rows, const std::int64_t* members, std::int64_t count,
                     const float* x, float* y) {
  const DenseKernels& kernels = ember::kernels<DenseKernels>();
  int widest = policy.inputs;
  for (const Layer& layer : policy.layers) widest = std::max(widest, layer.outputs);
  std::vector<float> here(widest), there(widest);
  for (std::int64_t i = 0; i < count; ++i) {
    const float* theta = rows + members[i] * policy.parameters;
    std::copy_n(x + i * policy.inputs, policy.inputs, here.data());
    apply(policy.before, kernels, here.data(), policy.inputs);
    for (const Layer& layer : policy.layers) {
      const float* bias = layer.bias_offset < 0 ? nullptr : theta + layer.bias_offset;
      kernels.dense(here.data(), 1, layer.inputs, layer.outputs, theta + layer.weight_offset, bias,
                    Activation::identity, there.data());
      apply(layer.after, kernels, there.data(), layer.outputs);
      here.swap(there);
    }
    std::copy_n(here.data(), policy.outputs, y + i * policy.outputs);
  }
}

}  // namespace ember
