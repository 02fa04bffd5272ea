// What the processor has, asked by cpuid itself: the compilers' __builtin_cpu_supports needs a run-time library that some
// of them lack (zig's answers no to everything), and then a build would quietly be one for the plainest processor.
#pragma once

#if defined(__x86_64__)
#include <cpuid.h>

namespace ember {
namespace cpu {

struct Leaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

inline Leaf leaf(unsigned number) {
  Leaf found;
  if (!__get_cpuid_count(number, 0, &found.a, &found.b, &found.c, &found.d)) return Leaf();
  return found;
}

// Whether the system saves the registers of these bits of XCR0 when it switches threads.
inline bool saved(unsigned bits) {
  if (!(leaf(1).c >> 27 & 1)) return false;  // it offers no xgetbv
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & bits) == bits;
}

inline bool has_avx2_and_fma() {
  const unsigned fma = 1u << 12, avx = 1u << 28, avx2 = 1u << 5;
  return saved(0x6) && (leaf(1).c & (fma | avx)) == (fma | avx) && (leaf(7).b & avx2) != 0;
}

// F, DQ, BW and VL.
inline bool has_avx512() {
  const unsigned parts = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  return saved(0xE6) && has_avx2_and_fma() && (leaf(7).b & parts) == parts;
}

}  // namespace cpu
}  // namespace ember
#endif
