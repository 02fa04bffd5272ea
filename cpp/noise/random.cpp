#include "noise/random.h"

namespace ember {

void uniforms(const Stream& stream, std::int64_t count, float* u) {
  for (std::int64_t i = 0; i < count; i += 4) {
    std::uint32_t x[4] = {(std::uint32_t)(i / 4)};
    stream.words(x);
    for (std::int64_t j = 0; j < 4 && i + j < count; ++j) u[i + j] = (float)(x[j] >> 8) * 0x1p-24f;
  }
}

std::uint32_t derived_seed(const Stream& stream) {
  std::uint32_t x[4] = {0};
  stream.words(x);
  return x[0] >> 1;
}

std::uint64_t derived_seed64(const Stream& stream) {
  std::uint32_t x[4] = {0};
  stream.words(x);
  return x[0] | (std::uint64_t)x[1] << 32;
}

}  // namespace ember
