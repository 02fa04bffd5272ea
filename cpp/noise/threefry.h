// Threefry4x32 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a
// bijection of 128-bit counters for every 128-bit key, from 32-bit additions, rotations and exclusive-ors
// alone.
//
// Templates over the word: std::uint32_t, or vuint for one block a lane. Always inlined, so that no copy
// compiled for one SIMD level can be linked into another.
#pragma once

#include <cstdint>

namespace ember {

// The rounds of stream version 1 (docs/noise.md has the battery: failures end at 8).
constexpr int noise_rounds = 13;
constexpr std::uint32_t noise_stream_version = 1;

// The four words of a key and the parity word that the key schedule adds.
struct ThreefryKey {
  std::uint32_t words[5];
  __attribute__((always_inline)) inline ThreefryKey(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                                    std::uint32_t d)
      : words{a, b, c, d, 0x1BD11BDAu ^ a ^ b ^ c ^ d} {}
};

// Replaces the counter x by the random words of its block.
template <int rounds, class Word>
__attribute__((always_inline)) inline void threefry4x32(const ThreefryKey& key, Word x[4]) {
  constexpr int rotations[8][2] = {{10, 26}, {11, 21}, {13, 27}, {23, 5},
                                   {6, 20},  {17, 11}, {25, 10}, {18, 20}};
  for (int i = 0; i < 4; ++i) x[i] = x[i] + Word(key.words[i]);
#pragma GCC unroll 128
  for (int round = 0; round < rounds; ++round) {
    const int left = rotations[round % 8][0], right = rotations[round % 8][1];
    // Even rounds mix the words (0, 1) and (2, 3), odd ones (0, 3) and (2, 1).
    const int p = round % 2 == 0 ? 1 : 3, q = 4 - p;
    x[0] = x[0] + x[p];
    x[p] = ((x[p] << left) | (x[p] >> (32 - left))) ^ x[0];
    x[2] = x[2] + x[q];
    x[q] = ((x[q] << right) | (x[q] >> (32 - right))) ^ x[2];
    if (round % 4 == 3) {
      const std::uint32_t injection = (std::uint32_t)(round / 4 + 1);
      for (int i = 0; i < 4; ++i) x[i] = x[i] + Word(key.words[(injection + (std::uint32_t)i) % 5]);
      x[3] = x[3] + Word(injection);
    }
  }
}

// One random stream: what (purpose, seed, generation, direction, episode) names. Block b of it is four words.
struct Stream {
  ThreefryKey key;
  std::uint32_t direction, generation, episode;

  __attribute__((always_inline)) inline Stream(std::uint32_t purpose, std::uint64_t seed,
                                               std::uint32_t generation_, std::uint32_t direction_,
                                               std::uint32_t episode_ = 0)
      : key((std::uint32_t)seed, (std::uint32_t)(seed >> 32), purpose | noise_stream_version << 16, 0),
        direction(direction_),
        generation(generation_),
        episode(episode_) {}

  // x[0] holds block numbers on entry; on return x holds the four words of each block.
  template <class Word>
  __attribute__((always_inline)) inline void words(Word x[4]) const {
    x[1] = Word(direction);
    words_of_directions(x);
  }
  // The same with the directions in x[1].
  template <class Word>
  __attribute__((always_inline)) inline void words_of_directions(Word x[4]) const {
    x[2] = Word(generation);
    x[3] = Word(episode);
    threefry4x32<noise_rounds>(key, x);
  }
};

}  // namespace ember
