// The layers of a policy in the three layouts. Only for *_kernels.cpp and headers they include. Each is defined once per
// SIMD level, in the source of the rollouts of its layout (rollout/layouts/members_kernels.cpp and its siblings).
#pragma once

#include "core/simd.h"
#include "policy/plan.h"

namespace ember {
namespace EMBER_LEVEL {

// Members in lanes. w: theta with parameter p of lane l at w[p * lanes + l]; x, y: (inputs, lanes), (outputs,
// lanes). Returns how many of the operations after the layer are done too: a relu costs nothing here.
int dense_members(const LayerPlan& layer, const float* w, const float* x, float* y);

// Episodes in lanes: G groups of episodes share each weight. theta: one member; x[g], y[g]: (inputs, lanes),
// (outputs, lanes). G: 1 to 4.
template <int G>
void dense_episodes(const LayerPlan& layer, const float* theta, const float* const* x, float* const* y);

// Output units in lanes. copy: what pack_units (pack_units.h) makes of one member's parameters; x: (inputs,),
// contiguous; y: (outputs,), room for whole vectors. Returns how many of the operations after the layer are done too,
// none unless the layer is `alone`: a tanh or relu takes the sums while they are in registers. back: the last block of
// outputs first, which begins with the weights that the time before has left in the cache.
int dense_units(const LayerPlan& layer, const float* copy, const float* x, float* y, bool alone, bool back);

// A step of a cell (policy.h) from its gates over the input, a, and over the state, b, one after the other with `gate`
// floats from one to the next. state: h and then c, `vectors` vectors each, which become the next ones; y: the new h.
// Lanes are whatever the layout says. Defined in cell_kernels.cpp.
void step_cell(int kind, int vectors, std::int64_t gate, const float* a, const float* b, float* state,
               float* y);

// Operations in order, in place.
// x: `vectors` vectors. In the layouts with one element a vector (`broadcast`), value i belongs to vector i;
// else value j belongs to lane j of the whole array (count elements, the rest is padding).
template <bool broadcast>
void apply_operations(const ElementwisePlan* operations, int operation_count, float* x, int vectors,
                      int count);
template <bool broadcast>
EMBER_INLINE void elementwise(const ElementwisePlan* operations, int operation_count, float* x, int vectors,
                              int count) {
  if (operation_count > 0) apply_operations<broadcast>(operations, operation_count, x, vectors, count);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
