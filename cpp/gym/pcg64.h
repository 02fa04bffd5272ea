// numpy's default_rng(seed) as gymnasium's environments use it: SeedSequence, PCG64, Generator.uniform.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace ember {

// PCG64 (XSL-RR 128/64) seeded by SeedSequence, bit for bit
// numpy.random.Generator(PCG64(SeedSequence(entropy))). O'Neill 2014, "PCG: A Family of Simple Fast
// Space-Efficient Statistically Good Algorithms for Random Number Generation", and "Developing a seed_seq
// Alternative" (pcg-random.org, 2015).
class Pcg64 {
 public:
  Pcg64() = default;
  // entropy: the seed's 32-bit words, lowest first, without leading zeros (one word for 0).
  explicit Pcg64(const std::vector<std::uint32_t>& entropy);

  std::uint64_t next();
  // Uniform in [low, high) with 53 bits, as Generator.uniform computes it.
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(next() >> 11) * (1.0 / 9007199254740992.0));
  }

 private:
  __extension__ typedef unsigned __int128 Word;
  Word state_ = 0;
  Word increment_ = 1;
};

}  // namespace ember
