// Members and weighted sums of low-rank noise (perturbation.h), regenerated from its numbers.
#pragma once

#include <cstdint>

#include "noise/population.h"

namespace ember {

// Member `member` of a population with a perturbation, as a row (parameters,).
void write_low_rank_member(const Population& population, int member, float* row);

// For every parameter, over the population's directions k in increasing order (those of weight 0 left out), in
// float32 from zero: of a matrix of low rank, j inside k,
//   first[i, o] = fma(weights[k] a_kj[i], b_kj[o], first[i, o]), at the end times 1 / sqrt(rank),
// elsewhere first[i] = fma(weights[k], noise_k[i], first[i]). Threads split the parameters, so that their
// number does not change a bit. Beside `first` it holds a few MiB, however many directions there are.
void low_rank_sum(const Population& population, const float* weights, int threads, float* first);

}  // namespace ember
