// What levels of four lanes share, by the compiler's own vectors.
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
EMBER_INLINE floats select(ints mask, floats a, floats b) {
  return (floats)(((ints)a & mask) | ((ints)b & ~mask));
}

}  // namespace raw
}  // namespace EMBER_LEVEL
}  // namespace ember
