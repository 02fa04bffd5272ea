// A number that counts floating-point operations instead of doing them: `operations<E>()` of an environment's
// step. A choice, a comparison or a change of sign is free: it can go where no multiply-add could.
#pragma once

#include "envs/env.h"

namespace ember {
namespace EMBER_LEVEL {

struct Counted;

struct CountedMask {
  CountedMask() = default;
  EMBER_INLINE CountedMask(int) {}
  friend CountedMask operator|(CountedMask, CountedMask) { return {}; }
  friend CountedMask operator&(CountedMask, CountedMask) { return {}; }
};

struct Counts {
  int operations = 0;
  int values = 0;   // made so far
  int turned = -1;  // the value whose sine or cosine was taken last: the other one shares its work
};

struct Counted {
  static Counts& counts() {
    static thread_local Counts all;
    return all;
  }
  static Counted made(int operations) {
    counts().operations += operations;
    return Counted(0.0);
  }

  int value;
  Counted() : value(counts().values++) {}
  Counted(double) : Counted() {}
  friend Counted operator+(Counted, Counted) { return made(1); }
  friend Counted operator-(Counted, Counted) { return made(1); }
  friend Counted operator*(Counted, Counted) { return made(1); }
  friend Counted operator/(Counted, Counted) { return made(1); }
  friend Counted operator/(Counted, const Divisor<Counted>&) { return made(1); }
  friend Counted operator-(Counted) { return made(0); }
  friend CountedMask operator==(Counted, Counted) { return {}; }
  friend CountedMask operator!=(Counted, Counted) { return {}; }
  friend CountedMask operator<(Counted, Counted) { return {}; }
  friend CountedMask operator<=(Counted, Counted) { return {}; }
  friend CountedMask operator>(Counted, Counted) { return {}; }
  friend CountedMask operator>=(Counted, Counted) { return {}; }
};

template <>
struct number_traits<Counted> {
  using mask = CountedMask;
  using integer = CountedMask;
};

inline Counted select(CountedMask, Counted, Counted) { return {}; }
inline Counted min(Counted, Counted) { return {}; }
inline Counted max(Counted, Counted) { return {}; }
inline Counted abs(Counted) { return {}; }
inline Counted as_float32(Counted x) { return x; }
inline Counted power2(Counted) { return Counted::made(1); }
inline Counted power2_float32(Counted) { return Counted::made(1); }
inline Counted wrap_angle(Counted) { return Counted::made(5); }
// math.h: a turn by quarters (1 multiplication, 2 additions to round, 3 fma) and both polynomials (10).
inline Counted sin(Counted x) {
  const bool known = Counted::counts().turned == x.value;
  Counted::counts().turned = x.value;
  return Counted::made(known ? 0 : 16);
}
inline Counted cos(Counted x) { return sin(x); }

// Of one step of environment E, whose constants do not matter.
template <template <class> class E>
int operations(const double* constants) {
  using Env = E<Counted>;
  const Env env(constants);
  Counted state[Env::states], action[Env::actions], reward;
  CountedMask ended;
  Counted::counts().operations = 0;
  env.step(state, action, &reward, &ended);
  return Counted::counts().operations;
}

}  // namespace EMBER_LEVEL
}  // namespace ember
