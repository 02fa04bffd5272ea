// A policy as the kernels see it: plain data that points into a Policy, which must outlive it.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/policy.h"

namespace ember {

struct ElementwisePlan {
  int kind;             // Elementwise::Kind
  int activation;       // Activation
  const float* values;  // of scale and shift
  int value_count;      // 1, or one per element
};

struct LayerPlan {
  int inputs, outputs;
  std::int64_t weights, bias;  // offsets in theta; bias negative: none
  std::int64_t
      rows;  // where this layer begins in the padded copy of the units layout: bias, then weight rows
  const ElementwisePlan* after;
  int after_count;
  int kind;                 // LayerKind
  const LayerPlan* parts;   // of a cell: its gates over the input, and over the state; else null
  bool turned;              // of a part: its weights lie as (outputs, inputs) in theta
  std::int64_t memory;      // of a cell: where its state begins in an episode's memory,
  std::int64_t memory_row;  // and where with every state in whole vectors
};

struct PolicyPlan {
  int inputs, outputs, widest;
  std::int64_t parameters;
  std::int64_t padded_parameters;  // length of the units layout's copy
  const ElementwisePlan* before;
  int before_count;
  const LayerPlan* layers;
  int layer_count;
  std::int64_t memory;      // values that an episode remembers,
  std::int64_t memory_row;  // and floats of them with every state in whole vectors
  int widest_gates;         // values of a cell's gates over its input
};

// Owns the arrays of a PolicyPlan.
class CompiledPolicy {
 public:
  // `lanes` is that of the SIMD level in use. Validates the policy; keeps a copy.
  CompiledPolicy(Policy policy, int lanes);
  CompiledPolicy(const CompiledPolicy&) = delete;
  CompiledPolicy& operator=(const CompiledPolicy&) = delete;
  const Policy& policy() const { return policy_; }
  const PolicyPlan& plan() const { return plan_; }

 private:
  Policy policy_;
  std::vector<ElementwisePlan> elementwise_;
  std::vector<LayerPlan> layers_, parts_;
  PolicyPlan plan_;
};

// `count` rounded up to whole vectors. Always inlined: kernels of every level use it.
__attribute__((always_inline)) constexpr int padded(int count, int lanes) {
  return (count + lanes - 1) / lanes * lanes;
}

// How many of the four partial sums of a neuron lie in one vector when output units are in lanes: 1, 2 or 4
// (policy/dense_units.h). Inlined like padded().
__attribute__((always_inline)) constexpr int sums_side_by_side(int inputs, int outputs, int lanes) {
  return inputs % 4 != 0 || inputs < 8 ? 1 : outputs <= lanes / 4 ? 4 : outputs <= lanes / 2 ? 2 : 1;
}

}  // namespace ember
