// Endless raw 32-bit words on standard output, for statistical batteries (noise_battery.sh builds this).
//
//   noise_battery ORDER [SEED]
//
// ORDER says which part of the counter moves fastest, as the words are used in training:
//
// - blocks: block 0, 1, 2, ... of (seed, generation 0, direction 0), then of direction 1, ...
// - directions: block 0 of directions 0, 1, 2, ... 1023, then block 1, ...
// - generations: block 0 of generations 0, 1, 2, ... 1023, then block 1, ...
// - seeds: block 0 of seeds 0, 1, 2, ... 1023, then block 1, ...
// - group: as noise_group takes them, word 0 of blocks 0 to 7, word 1 of blocks 0 to 7, ...
// - hash: for comparison, the generator of a rival program: mix(mix(seed + 7919 i + 104729 b) ^ k)
//
// Compile with -DROUNDS=n for another number of rounds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "noise/threefry.h"

#ifndef ROUNDS
#define ROUNDS ember::noise_rounds
#endif

namespace {

std::uint32_t buffer[1 << 16];
std::size_t filled = 0;

void put(std::uint32_t word) {
  buffer[filled++] = word;
  if (filled == sizeof buffer / sizeof buffer[0]) {
    if (std::fwrite(buffer, sizeof buffer, 1, stdout) != 1) std::exit(0);  // the reader has had enough
    filled = 0;
  }
}

void block(std::uint64_t seed, std::uint32_t generation, std::uint32_t direction, std::uint32_t number,
           std::uint32_t x[4]) {
  const ember::Stream stream(0, seed, generation, direction);
  x[0] = number, x[1] = direction, x[2] = generation, x[3] = 0;
  ember::threefry4x32<ROUNDS>(stream.key, x);
}

std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16, x *= 0x21f0aaadu, x ^= x >> 15, x *= 0xd35a2d97u, x ^= x >> 15;
  return x;
}

}  // namespace

int main(int count, char** arguments) {
  const char* order = count > 1 ? arguments[1] : "";
  const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 0) : 0;
  std::uint32_t x[4];
  if (std::strcmp(order, "blocks") == 0) {
    for (std::uint32_t direction = 0;; ++direction) {
      for (std::uint32_t number = 0; number < 1u << 20; ++number) {
        block(seed, 0, direction, number, x);
        for (std::uint32_t word : x) put(word);
      }
    }
  }
  if (std::strcmp(order, "group") == 0) {
    for (std::uint32_t direction = 0;; ++direction) {
      for (std::uint32_t number = 0; number < 1u << 20; number += 8) {
        std::uint32_t group[8][4];
        for (std::uint32_t i = 0; i < 8; ++i) block(seed, 0, direction, number + i, group[i]);
        for (int w = 0; w < 4; ++w) {
          for (auto& words : group) put(words[w]);
        }
      }
    }
  }
  if (std::strcmp(order, "hash") == 0) {
    for (std::uint32_t b = 0;; ++b) {
      for (std::uint32_t i = 0; i < 512; ++i) {
        const std::uint32_t key = mix((std::uint32_t)seed + i * 7919 + b * 104729);
        for (std::uint32_t k = 0; k < 2000; ++k) put(mix(k ^ key));
      }
    }
  }
  const bool directions = std::strcmp(order, "directions") == 0, seeds = std::strcmp(order, "seeds") == 0;
  if (directions || seeds || std::strcmp(order, "generations") == 0) {
    for (std::uint64_t page = 0;; ++page) {
      for (std::uint32_t number = 0; number < 1u << 16; ++number) {
        for (std::uint32_t i = 0; i < 1024; ++i) {
          const std::uint32_t fast = (std::uint32_t)(1024 * page + i);
          block(seeds ? seed + fast : seed, seeds || directions ? 0 : fast, directions ? fast : 0, number, x);
          for (std::uint32_t word : x) put(word);
        }
      }
    }
  }
  std::fprintf(stderr, "usage: noise_battery blocks|directions|generations|seeds|group|hash [seed]\n");
  return 2;
}
