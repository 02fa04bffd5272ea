#include "bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "core/threads.h"
#include "noise/noise_table.h"
#include "noise/population.h"

namespace ember::measuring {

volatile float sink;

namespace {

// Seconds.
double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

double rate(const Work& work, double seconds) {
  work();
  std::vector<double> rates;
  const double until = now() + seconds;
  while (rates.size() < 5 || now() < until) {
    const double start = now(), done = work();
    rates.push_back(done / (now() - start));
  }
  std::nth_element(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2), rates.end());
  return rates[rates.size() / 2];
}

Work on_all(int threads, const std::function<double(int)>& work) {
  const auto team = std::make_shared<Team>(threads);
  return [team, work, threads] {
    std::vector<double> done(static_cast<std::size_t>(threads));
    team->run(threads, [&](int index) { done[static_cast<std::size_t>(index)] = work(index); });
    double sum = 0.0;
    for (double d : done) sum += d;
    return sum;
  };
}

std::vector<int> thread_counts() {
  const int all = available_threads();
  return all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
}

const BenchKernels& table() { return kernels<BenchKernels>(); }

double fma_limit(int threads, double seconds) {
  return rate(on_all(threads,
                     [](int) {
                       constexpr std::int64_t rounds = 400000;
                       sink = table().fma(rounds);
                       return static_cast<double>(rounds) * 12.0 * 2.0 * table().lanes;
                     }),
              seconds);
}

double read_limit(int threads, double seconds) {
  constexpr std::int64_t count = std::int64_t{1} << 26;
  const std::vector<float> data(count, 1.0f);
  const std::int64_t share = count / threads;
  return rate(on_all(threads,
                     [&](int index) {
                       sink = table().read(data.data() + index * share, share);
                       return 4.0 * static_cast<double>(share);
                     }),
              seconds);
}

Policy mlp(const std::vector<int>& widths, Activation hidden, bool last) {
  Policy policy;
  policy.inputs = widths.front();
  policy.outputs = widths.back();
  for (std::size_t n = 0; n + 1 < widths.size(); ++n) {
    Layer layer{widths[n], widths[n + 1], policy.parameters, -1, {}};
    layer.bias_offset = layer.weight_offset + static_cast<std::int64_t>(layer.inputs) * layer.outputs;
    policy.parameters = layer.bias_offset + layer.outputs;
    if (n + 2 < widths.size()) layer.after = {{Elementwise::Kind::activation, hidden, {}}};
    if (n + 2 == widths.size() && last) layer.after = {{Elementwise::Kind::activation, Activation::tanh, {}}};
    policy.layers.push_back(layer);
  }
  return policy;
}

double flops(const Policy& policy) {
  double sum = 0.0;
  for (const Layer& layer : policy.layers) sum += 2.0 * layer.inputs * layer.outputs;
  return sum;
}

std::vector<float> weights(const Policy& policy) {
  std::vector<float> theta(static_cast<std::size_t>(policy.parameters), 0.0f);
  kernels<NoiseKernels>().fill(Stream(static_cast<std::uint32_t>(Purpose::init), 0, 0, 0), 0,
                               policy.parameters, theta.data());
  for (const Layer& layer : policy.layers) {
    const float deviation = 1.0f / std::sqrt(static_cast<float>(layer.inputs));
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(layer.inputs) * layer.outputs; ++i) {
      theta[static_cast<std::size_t>(layer.weight_offset + i)] *= deviation;
    }
    for (int o = 0; o < layer.outputs; ++o) theta[static_cast<std::size_t>(layer.bias_offset + o)] = 0.0f;
  }
  return theta;
}

}  // namespace ember::measuring
