// The step of a cell on arrays, for code that is not compiled per SIMD level.
#pragma once

#include <cstdint>

#include "core/dispatch.h"

namespace ember {

struct CellKernels {
  int lanes;
  // step_cell of policy/layers.h.
  void (*step)(int kind, int vectors, std::int64_t gate, const float* a, const float* b, float* state,
               float* y);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(CellKernels)
