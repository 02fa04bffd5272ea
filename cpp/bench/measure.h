// How the benchmarks measure: rates, the limits of this machine, networks to measure with.
#pragma once

#include <functional>
#include <vector>

#include "bench/bench_table.h"
#include "policy/policy.h"

namespace ember::measuring {

using Work = std::function<double()>;  // does a piece of work and returns how much it was

extern volatile float sink;

// Units of work a second: the median of at least 5 runs.
double rate(const Work& work, double seconds);
// The same work on every thread of a team at once.
Work on_all(int threads, const std::function<double(int)>& work);
std::vector<int> thread_counts();  // one, and all
const BenchKernels& table();

double fma_limit(int threads, double seconds);   // flop/s
double read_limit(int threads, double seconds);  // bytes/s from memory

// `last`: the output has a tanh.
Policy mlp(const std::vector<int>& widths, Activation hidden, bool last);
double flops(const Policy& policy);
// N(0, 1 / inputs) weights by the keyed noise, biases zero.
std::vector<float> weights(const Policy& policy);

}  // namespace ember::measuring
