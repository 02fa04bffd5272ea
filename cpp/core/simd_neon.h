// The lanes of simd.h in the instructions of AArch64. Four.
#pragma once

namespace ember {
namespace EMBER_LEVEL {
namespace raw {

EMBER_INLINE floats splat(float value) { return floats{value, value, value, value}; }
EMBER_INLINE doubles splat(double value) { return doubles{value, value}; }
template <int k>
EMBER_INLINE floats splat_of_four(const float* from) {
  return splat(from[k]);
}
template <int count>
EMBER_INLINE floats repeat(const float* from) {
  static_assert(count == 1 || count == 2, "one or two");
  return count == 1 ? load<floats>(from) : floats{from[0], from[0], from[1], from[1]};
}
EMBER_INLINE floats swap_halves(floats x) { return floats{x[2], x[3], x[0], x[1]}; }
EMBER_INLINE floats swap_quarters(floats x) { return floats{x[1], x[0], x[3], x[2]}; }
EMBER_INLINE ints iota() { return ints{0, 1, 2, 3}; }
EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = vcvt_f64_f32(vget_low_f32(x));
  *high = vcvt_high_f64_f32(x);
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = longs{mask[0], mask[1]};
  *high = longs{mask[2], mask[3]};
}
EMBER_INLINE floats narrow(doubles low, doubles high) { return vcvt_high_f32_f64(vcvt_f32_f64(low), high); }
EMBER_INLINE floats select(ints mask, floats a, floats b) {
  return (floats)(((ints)a & mask) | ((ints)b & ~mask));
}
EMBER_INLINE floats min(floats a, floats b) { return select(a < b, a, b); }
EMBER_INLINE floats max(floats a, floats b) { return select(a > b, a, b); }
EMBER_INLINE bool any(ints mask) { return vmaxvq_u32((uint32x4_t)mask) != 0; }
EMBER_INLINE unsigned bits(ints mask) {
  return vaddvq_u32(vandq_u32((uint32x4_t)mask, uint32x4_t{1, 2, 4, 8}));
}
EMBER_INLINE floats floor(floats x) { return vrndmq_f32(x); }
EMBER_INLINE floats sqrt(floats x) { return vsqrtq_f32(x); }
EMBER_INLINE floats fma(floats a, floats b, floats c) { return vfmaq_f32(c, a, b); }

}  // namespace raw
}  // namespace EMBER_LEVEL
}  // namespace ember
