#include "core/simd.h"
#include "noise/low_rank_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

constexpr int vectors = 2, panel = vectors * lanes, tile = low_rank_tile;

// use(i, count) for vectors of [0, size): whole ones, then the rest.
template <class Use>
EMBER_INLINE void by_vectors(std::int64_t size, Use use) {
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) use(i, lanes);
  if (i < size) use(i, (int)(size - i));
}
EMBER_INLINE vfloat get(const float* from, int count) {
  return count == lanes ? load(from) : load_first(from, count);
}
EMBER_INLINE void put(float* to, vfloat x, int count) {
  if (count == lanes) {
    store(to, x);
  } else {
    store_first(to, x, count);
  }
}

void member(const PerturbationPlan& plan, const float* noise, const float* mean, float scale, float sign,
            float* row) {
  for (int n = 0; n < plan.stretch_count; ++n) {
    const FullStretch& part = plan.stretches[n];
    const vfloat factor(sign * scale);
    by_vectors(part.size, [&](std::int64_t i, int count) EMBER_INLINE_LAMBDA {
      put(row + part.offset + i,
          get(mean + part.offset + i, count) + factor * get(noise + part.at + i, count), count);
    });
  }
  const vfloat c(low_rank_factor(plan, scale, sign));
  for (int n = 0; n < plan.matrix_count; ++n) {
    const LowRankMatrix& part = plan.matrices[n];
    const float *from_rows = noise + part.row_factors, *from_columns = noise + part.column_factors;
    for (std::int64_t i = 0; i < part.rows; ++i) {
      const std::int64_t at = part.matrix.offset + i * part.columns;
      by_vectors(part.columns, [&](std::int64_t o, int count) EMBER_INLINE_LAMBDA {
        vfloat e(0.0f);
        for (int j = 0; j < plan.rank; ++j) {
          e = fma(splat(from_rows[j * part.rows + i]), get(from_columns + j * part.columns + o, count), e);
        }
        put(row + at + o, get(mean + at + o, count) + c * e, count);
      });
    }
  }
}

void product(const float* rows, const float* columns, int depth, std::int64_t row_count,
             std::int64_t column_count, std::int64_t first, std::int64_t last, float* sums) {
  for (std::int64_t p = 0; p * panel < column_count; ++p) {
    const float* right = columns + p * panel * depth;
    const std::int64_t o = p * panel;
    const int width = column_count - o < panel ? (int)(column_count - o) : panel;
    for (std::int64_t t = first; t < last; ++t) {
      const float* left = rows + t * tile * depth;
      const std::int64_t i = t * tile;
      const int height = row_count - i < tile ? (int)(row_count - i) : tile;
      float edge[tile * panel] = {};
      float* at = sums + i * column_count + o;
      std::int64_t stride = column_count;
      const bool whole = height == tile && width == panel;
      if (!whole) {
        for (int r = 0; r < height; ++r) {
          std::memcpy(edge + r * panel, at + r * stride, sizeof(float) * (std::size_t)width);
        }
        at = edge;
        stride = panel;
      }
      vfloat s[tile][vectors];
#pragma GCC unroll 8
      for (int r = 0; r < tile; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) s[r][v] = load(at + r * stride + v * lanes);
      }
      for (int k = 0; k < depth; ++k) {
        vfloat b[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) b[v] = load(right + k * panel + v * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < tile; ++r) {
          const vfloat a = splat(left[k * tile + r]);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) s[r][v] = fma(a, b[v], s[r][v]);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < tile; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) store(at + r * stride + v * lanes, s[r][v]);
      }
      if (whole) continue;
      for (int r = 0; r < height; ++r) {
        std::memcpy(sums + (i + r) * column_count + o, edge + r * panel, sizeof(float) * (std::size_t)width);
      }
    }
  }
}

void weigh(const float* noise, std::int64_t stride, const float* weights, int count, std::int64_t size,
           float* sums) {
  by_vectors(size, [&](std::int64_t i, int some) EMBER_INLINE_LAMBDA {
    vfloat s = get(sums + i, some);
    for (int k = 0; k < count; ++k) s = fma(splat(weights[k]), get(noise + k * stride + i, some), s);
    put(sums + i, s, some);
  });
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(LowRankKernels, {panel, member, product, weigh})
