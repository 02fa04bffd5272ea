// Four doubles as one number, for environment headers whose double form has no branches: arithmetic in vector
// instructions, sines and cosines by the C library one after the other, so the bits are those of double.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

struct pack;

struct packmask {
  typedef long long type __attribute__((vector_size(32)));
  type v;
  friend EMBER_INLINE packmask operator|(packmask a, packmask b) { return {a.v | b.v}; }
  friend EMBER_INLINE packmask operator&(packmask a, packmask b) { return {a.v & b.v}; }
};

struct pack {
  static constexpr int size = 4;
  typedef double type __attribute__((vector_size(32)));
  type v;
  // Where its sines and, `turned_apart` further, its cosines lie, if they are known already.
  const double* turned = nullptr;
  static constexpr int turned_apart = 64;
  pack() = default;
  EMBER_INLINE pack(type value) : v(value) {}
  EMBER_INLINE pack(double value) : v(type{} + value) {}
  friend EMBER_INLINE pack operator+(pack a, pack b) { return a.v + b.v; }
  friend EMBER_INLINE pack operator-(pack a, pack b) { return a.v - b.v; }
  friend EMBER_INLINE pack operator*(pack a, pack b) { return a.v * b.v; }
  friend EMBER_INLINE pack operator/(pack a, pack b) { return a.v / b.v; }
  friend EMBER_INLINE pack operator-(pack a) { return -a.v; }
  friend EMBER_INLINE packmask operator>(pack a, pack b) { return {a.v > b.v}; }
  friend EMBER_INLINE packmask operator==(pack a, pack b) { return {a.v == b.v}; }
};

template <>
struct number_traits<pack> {
  using mask = packmask;
  using integer = packmask;
};

EMBER_INLINE pack load_pack(const double* from) {
  pack x;
  std::memcpy(&x.v, from, sizeof x.v);
  return x;
}
EMBER_INLINE void store_pack(double* to, pack x) { std::memcpy(to, &x.v, sizeof x.v); }

EMBER_INLINE pack select(packmask mask, pack a, pack b) { return mask.v ? a.v : b.v; }
EMBER_INLINE pack abs(pack x) { return (pack::type)((packmask::type)x.v & 0x7fffffffffffffffll); }
EMBER_INLINE pack operator/(pack x, const Divisor<pack>& d) { return x / d.value; }

EMBER_INLINE void sin_cos(pack x, pack* sine, pack* cosine) {
  if (x.turned) {
    *sine = load_pack(x.turned);
    *cosine = load_pack(x.turned + pack::turned_apart);
    return;
  }
  for (int i = 0; i < pack::size; ++i) {
    const double angle = x.v[i];
    sine->v[i] = __builtin_sin(angle);
    cosine->v[i] = __builtin_cos(angle);
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
