// The groups of bench.h that play episodes: rollouts of a population, and the seed notebook's whole training.
#pragma once

#include <vector>

#include "bench/bench.h"

namespace ember {

void bench_rollouts(std::vector<BenchRow>& rows, double seconds);
void bench_training(std::vector<BenchRow>& rows, double seconds);

}  // namespace ember
