#include "core/math.h"
#include "core/simd.h"
#include "update/vector_ops.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

// Runs body(i, load, store) over whole lanes, then over the rest with partial loads and stores.
struct Whole {
  EMBER_INLINE vfloat get(const float* from) const { return load(from); }
  EMBER_INLINE void put(float* to, vfloat x) const { store(to, x); }
};
struct Part {
  int count;
  EMBER_INLINE vfloat get(const float* from) const { return load_first(from, count); }
  EMBER_INLINE void put(float* to, vfloat x) const { store_first(to, x, count); }
};
template <class Body>
EMBER_INLINE void each(std::int64_t n, Body body) {
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, Whole{});
  if (i < n) body(i, Part{(int)(n - i)});
}

void adam(const AdamStep& s, const float* gradient, std::int64_t n, float* m, float* v, float* theta) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    vfloat t = io.get(theta + i);
    const vfloat g = io.get(gradient + i) + s.weight_decay * t;
    const vfloat m0 = io.get(m + i), m1 = m0 + (g - m0) * s.one_minus_beta1;
    const vfloat v1 = io.get(v + i) * s.beta2 + g * g * s.one_minus_beta2;
    t = s.shrink * t;
    io.put(m + i, m1);
    io.put(v + i, v1);
    io.put(theta + i, t - s.step * (m1 / (sqrt(v1) / s.root + s.eps)));
  });
}

void sgd(const SgdStep& s, const float* gradient, std::int64_t n, float* v, float* theta) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    const vfloat t = io.get(theta + i);
    vfloat g = io.get(gradient + i) + s.weight_decay * t;
    if (s.momentum != 0.0f) {
      const vfloat v1 = s.first ? g : s.momentum * io.get(v + i) + g;
      io.put(v + i, v1);
      g = s.nesterov ? g + s.momentum * v1 : v1;
    }
    io.put(theta + i, t - s.step * g);
  });
}

// Eight sums, of every eighth difference each, whatever the number of lanes.
double sum_of_squares(const float* x, const float* y, std::int64_t n) {
  constexpr int parts = lanes < 8 ? 8 / lanes : 1, step = lanes < 8 ? 8 : lanes;
  vdouble sum[parts];
  for (int p = 0; p < parts; ++p) sum[p] = vdouble(0.0);
  for (std::int64_t i = 0; i < n; i += step) {
    for (int p = 0; p < parts; ++p) {
      const std::int64_t at = i + p * lanes, left = n - at;
      if (left <= 0) break;
      const Part rest{(int)(left < lanes ? left : lanes)};
      vdouble d = to_double(left < lanes ? rest.get(x + at) : load(x + at));
      if (y != nullptr) d = d - to_double(left < lanes ? rest.get(y + at) : load(y + at));
      d = d * d;
      if (lanes > 8) {
        sum[p].low += d.low;
        sum[p].low += d.high;
      } else {
        sum[p] += d;
      }
    }
  }
  double lane[parts * lanes];
  for (int p = 0; p < parts; ++p) store(lane + p * lanes, sum[p]);
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

void combine(float a, const float* x, float b, const float* y, std::int64_t n, float* out) {
  each(n, [&](std::int64_t i, auto io)
              EMBER_INLINE_LAMBDA { io.put(out + i, a * io.get(x + i) + b * io.get(y + i)); });
}

void multiply(float a, const float* x, const float* y, std::int64_t n, float* out) {
  each(n, [&](std::int64_t i, auto io)
              EMBER_INLINE_LAMBDA { io.put(out + i, a * io.get(x + i) * io.get(y + i)); });
}

void natural_step(float a, const float* scale, const float* gradient, std::int64_t n, float* theta) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    io.put(theta + i, io.get(theta + i) + a * (io.get(scale + i) * io.get(gradient + i)));
  });
}

void exponential_step(float a, const float* gradient, std::int64_t n, float* scale) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    const vfloat next = io.get(scale + i) * exp(a * io.get(gradient + i));
    io.put(scale + i, min(max(next, vfloat(1e-20f)), vfloat(1e20f)));
  });
}

void limited_step(float a, float limit, const float* gradient, std::int64_t n, float* scale) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    const vfloat s = io.get(scale + i), most = limit * s;
    const vfloat change = min(max(a * (s * io.get(gradient + i)), -most), most);
    io.put(scale + i, max(s + change, vfloat(1e-20f)));
  });
}

void covariance_step(float keep, float rank_one, float rank_mu, float weight_sum, float sigma,
                     const float* path, const float* gradient, std::int64_t n, float* c, float* scale) {
  each(n, [&](std::int64_t i, auto io) EMBER_INLINE_LAMBDA {
    const vfloat old = io.get(c + i), p = io.get(path + i);
    const vfloat next =
        keep * old + rank_one * (p * p) + rank_mu * (old * (io.get(gradient + i) + weight_sum));
    const vfloat safe = max(next, vfloat(1e-30f));
    io.put(c + i, safe);
    io.put(scale + i, sigma * sqrt(safe));
  });
}

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(VectorOps, {adam, sgd, sum_of_squares, combine, multiply, natural_step, exponential_step,
                                 limited_step, covariance_step})
