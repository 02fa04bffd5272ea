// The activations of policy.h on lanes. For *_kernels.cpp only.
#pragma once

#include "core/math.h"
#include "policy/policy.h"

namespace ember {
namespace EMBER_LEVEL {

// NaN stays NaN in every activation.
EMBER_INLINE vfloat activate(Activation activation, vfloat x) {
  switch (activation) {
    case Activation::relu:
      return max(vfloat(0.0f), x);
    case Activation::tanh:
      return tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::elu:
      return elu(x);
    case Activation::gelu:
      return gelu(x);
    case Activation::softplus:
      return softplus(x);
    case Activation::identity:
      break;
  }
  return x;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
