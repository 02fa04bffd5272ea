// The lanes of simd.h in the instructions of AArch64. Four.
#pragma once

#include "core/simd_four.h"

namespace ember {
namespace EMBER_LEVEL {
namespace raw {

EMBER_INLINE void widen(floats x, doubles* low, doubles* high) {
  *low = vcvt_f64_f32(vget_low_f32(x));
  *high = vcvt_high_f64_f32(x);
}
EMBER_INLINE void widen(ints mask, longs* low, longs* high) {
  *low = longs{mask[0], mask[1]};
  *high = longs{mask[2], mask[3]};
}
EMBER_INLINE floats narrow(doubles low, doubles high) { return vcvt_high_f32_f64(vcvt_f32_f64(low), high); }
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
