#include "gym/pcg64.h"

#include <cstddef>

namespace ember {
namespace {

// numpy's SeedSequence: a pool of four words that every word of entropy is mixed into.
constexpr int pool_size = 4;

std::uint32_t hashed(std::uint32_t value, std::uint32_t* multiplier) {
  value ^= *multiplier;
  *multiplier *= 0x931e8875u;
  value *= *multiplier;
  return value ^ (value >> 16);
}

std::uint32_t mixed(std::uint32_t x, std::uint32_t y) {
  const std::uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
  return result ^ (result >> 16);
}

std::array<std::uint64_t, 4> seed_words(const std::vector<std::uint32_t>& entropy) {
  std::array<std::uint32_t, pool_size> pool{};
  std::uint32_t multiplier = 0x43b0d7e5u;
  for (int i = 0; i < pool_size; ++i) {
    const std::uint32_t word = static_cast<std::size_t>(i) < entropy.size() ? entropy[i] : 0;
    pool[i] = hashed(word, &multiplier);
  }
  for (int from = 0; from < pool_size; ++from)
    for (int to = 0; to < pool_size; ++to)
      if (from != to) pool[to] = mixed(pool[to], hashed(pool[from], &multiplier));
  for (std::size_t i = pool_size; i < entropy.size(); ++i)
    for (int to = 0; to < pool_size; ++to) pool[to] = mixed(pool[to], hashed(entropy[i], &multiplier));

  std::array<std::uint64_t, 4> words{};
  multiplier = 0x8b51f9ddu;
  for (int i = 0; i < 8; ++i) {
    std::uint32_t value = pool[i % pool_size] ^ multiplier;
    multiplier *= 0x58f38dedu;
    value *= multiplier;
    value ^= value >> 16;
    words[i / 2] |= static_cast<std::uint64_t>(value) << (32 * (i % 2));
  }
  return words;
}

}  // namespace

Pcg64::Pcg64(const std::vector<std::uint32_t>& entropy) {
  const std::array<std::uint64_t, 4> words = seed_words(entropy);
  const Word start = (static_cast<Word>(words[0]) << 64) | words[1];
  const Word stream = (static_cast<Word>(words[2]) << 64) | words[3];
  increment_ = (stream << 1) | 1;
  next();
  state_ += start;
  next();
}

std::uint64_t Pcg64::next() {
  const Word multiplier = (static_cast<Word>(2549297995355413924ull) << 64) | 4865540595714422341ull;
  state_ = state_ * multiplier + increment_;
  const std::uint64_t folded = static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_);
  const unsigned rotation = static_cast<unsigned>(state_ >> 122);
  return (folded >> rotation) | (folded << ((64 - rotation) & 63));
}

}  // namespace ember
