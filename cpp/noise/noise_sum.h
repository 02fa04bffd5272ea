// Weighted sums of the noise of a generation, regenerated from its numbers: no member is ever stored.
#pragma once

#include <cstdint>
#include <vector>

#include "noise/population.h"

namespace ember {

// For every parameter i, with eps_k = noise(seed, generation, k)[i] and k over the population's directions in
// increasing order (those whose weights are all zero left out), in float32, starting at zero:
//   first[i]  = fma(first_weights[k], eps_k, first[i])
//   second[i] = fma(second_weights[k], fma(eps_k, eps_k, -1), second[i])
// second_weights and second may be null together. Threads (0: all cores) split the parameters, so their
// number does not change a bit; small sums stay on one. Noise that population.drawn holds is read from there.
void noise_sum(const Population& population, std::int64_t parameters, const float* first_weights,
               const float* second_weights, int threads, float* first, float* second);

// Member `member` of the population as population.h says.
void write_member(const Population& population, std::int64_t parameters, int member, float* row);

}  // namespace ember
