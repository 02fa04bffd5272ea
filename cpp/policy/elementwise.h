// Element-wise operations of a policy on an array of lanes.
#pragma once

#include "policy/activation.h"
#include "policy/plan.h"

namespace ember {
namespace EMBER_LEVEL {

template <Activation activation>
EMBER_INLINE void apply(float* x, int vectors) {
  for (int i = 0; i < vectors; ++i) store(x + i * lanes, activate(activation, load(x + i * lanes)));
}

template <bool broadcast>
void apply_operations(const ElementwisePlan* operations, int operation_count, float* x, int vectors,
                      int count) {
  for (int n = 0; n < operation_count; ++n) {
    const ElementwisePlan& op = operations[n];
    if (op.kind == (int)Elementwise::Kind::activation) {
#define EMBER_ACTIVATION(name)           \
  case Activation::name:                 \
    apply<Activation::name>(x, vectors); \
    break;
      switch ((Activation)op.activation) {
        EMBER_ACTIVATIONS(EMBER_ACTIVATION)
        case Activation::identity:
          break;
      }
#undef EMBER_ACTIVATION
      continue;
    }
    const bool scale = op.kind == (int)Elementwise::Kind::scale;
    for (int i = 0; i < vectors; ++i) {
      vfloat value;
      if (op.value_count == 1) {
        value = splat(op.values[0]);
      } else if (broadcast) {
        value = splat(op.values[i]);
      } else {
        const int left = count - i * lanes;
        value = left >= lanes ? load(op.values + i * lanes) : load_first(op.values + i * lanes, left);
      }
      const vfloat v = load(x + i * lanes);
      store(x + i * lanes, scale ? v * value : v + value);
    }
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
