// A policy's layers under noise of low rank: where each finds its shared weights, and a member's own numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "noise/perturbation.h"
#include "policy/plan.h"

namespace ember {

// Outputs of the next tile of shared weights where `left` are left: with AVX-512's 32 registers twice as many as
// elsewhere, so that an input that comes from the second-level cache is used twice as often. Inlined like padded().
__attribute__((always_inline)) constexpr int low_rank_tile(int left, int lanes) {
  return lanes > 8 && left > 4 ? 8 : 4;
}

// A dense layer. A member's own numbers lie in an array like the compact noise (perturbation.h): vectors a and b
// as they are drawn, elsewhere its parameters.
struct LowRankLayer {
  bool low;             // else `own` says where its weights lie among the member's numbers
  LayerPlan own;        // its `weights` and `bias` are places among them
  std::int64_t a, b;    // of the first vectors; the others follow
  std::int64_t shared;  // where its tiles begin
};

// Plain data that points into a LowRankPolicy, for kernels.
struct LowRankPlan {
  int rank;
  double root;
  std::int64_t compact;
  const LowRankLayer* layers;  // of the policy in order, two for a cell
  const float* shared;         // the mean's weights, tile after tile
};

class LowRankPolicy {
 public:
  // `lanes` is that of the SIMD level in use. Throws std::invalid_argument where the perturbation's matrices are
  // not the policy's.
  LowRankPolicy(const PolicyPlan& policy, const PerturbationPlan& perturbation, const float* mean, int lanes);
  LowRankPolicy(const LowRankPolicy&) = delete;
  LowRankPolicy& operator=(const LowRankPolicy&) = delete;
  const LowRankPlan& plan() const { return plan_; }

 private:
  void add(const LayerPlan& layer, const PerturbationPlan& perturbation, const float* mean);

  const int lanes_;
  std::vector<LowRankLayer> layers_;
  std::vector<float> shared_;
  LowRankPlan plan_{};
};

}  // namespace ember
