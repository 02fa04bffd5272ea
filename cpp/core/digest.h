// A 64-bit digest of bytes: two states that should be the same are compared by it. It finds accidents (every
// change that lies within one of its four streams of 8-byte words, so every flipped bit), not malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ember {

class Digest {
 public:
  // Bytes are taken as words in the machine's order; a block's end is filled up with zeros, and its length
  // counts.
  void add(const void* data, std::size_t bytes) {
    const unsigned char* at = static_cast<const unsigned char*>(data);
    std::uint64_t words[streams];
    std::size_t left = bytes;
    for (; left >= sizeof words; left -= sizeof words, at += sizeof words) {
      std::memcpy(words, at, sizeof words);
      for (int s = 0; s < streams; ++s) mix(stream_[s], words[s]);
    }
    if (left > 0) {
      std::memset(words, 0, sizeof words);
      std::memcpy(words, at, left);
      for (int s = 0; s < streams; ++s) mix(stream_[s], words[s]);
    }
    mix(stream_[0], (std::uint64_t)bytes);
  }

  std::uint64_t value() const {
    std::uint64_t all = factor;
    for (int s = 0; s < streams; ++s) mix(all, stream_[s]);
    return all;
  }

 private:
  static constexpr int streams = 4;
  static constexpr std::uint64_t factor = 0x9E3779B97F4A7C15u;  // odd, so that the product loses nothing

  static void mix(std::uint64_t& stream, std::uint64_t word) {
    stream = (stream ^ word) * factor;
    stream ^= stream >> 32;
  }

  std::uint64_t stream_[streams] = {1, 2, 3, 4};
};

}  // namespace ember
