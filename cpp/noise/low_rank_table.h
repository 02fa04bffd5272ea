// The kernels of low_rank.h, one set per SIMD level.
#pragma once

#include <cstdint>

#include "core/dispatch.h"
#include "noise/perturbation.h"

namespace ember {

// Rows of a tile of the product.
constexpr int low_rank_tile = 6;

struct LowRankKernels {
  int panel;  // columns of a tile of the product
  // One member as a row (parameters,), from its direction's compact noise.
  void (*member)(const PerturbationPlan& plan, const float* noise, const float* mean, float scale, float sign,
                 float* row);
  // sums += rows^T columns, term after term by fma, for the tiles [first, last) of low_rank_tile rows.
  // `rows` has `depth` x low_rank_tile numbers a tile, `columns` depth x panel a panel, both padded.
  void (*product)(const float* rows, const float* columns, int depth, std::int64_t row_count,
                  std::int64_t column_count, std::int64_t first, std::int64_t last, float* sums);
  // sums[i] = fma(weights[k], noise[k * stride + i], sums[i]) over k in order.
  void (*weigh)(const float* noise, std::int64_t stride, const float* weights, int count, std::int64_t size,
                float* sums);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(LowRankKernels)
