// The activations of policy.h on lanes. For *_kernels.cpp only.
#pragma once

#include "core/math.h"
#include "policy/policy.h"

namespace ember {
namespace EMBER_LEVEL {

// NaN stays NaN in every activation.
EMBER_INLINE vfloat activate(Activation activation, vfloat x) {
#define EMBER_ACTIVATION(name) \
  case Activation::name:       \
    return name(x);
  switch (activation) {
    EMBER_ACTIVATIONS(EMBER_ACTIVATION)
    case Activation::identity:
      break;
  }
#undef EMBER_ACTIVATION
  return x;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
