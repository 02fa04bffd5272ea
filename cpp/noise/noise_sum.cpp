#include "noise/noise_sum.h"

#include <algorithm>
#include <vector>

#include "core/threads.h"
#include "noise/low_rank.h"
#include "noise/noise_sum_table.h"
#include "noise/noise_table.h"

namespace ember {
namespace {

// Below this many normals a thread costs more than it saves (starting one takes about 30 us, a normal
// about 1.2 ns).
constexpr std::int64_t normals_per_thread = 200000;

int thread_count(int asked, std::int64_t normals, std::int64_t groups) {
  const std::int64_t useful = std::min(normals / normals_per_thread, groups);
  if (useful < 2) return 1;  // asking the system for its cores takes longer than a small sum
  const std::int64_t most = asked > 0 ? asked : available_threads();
  return (int)std::min(most, useful);
}

}  // namespace

void noise_sum(const Population& population, std::int64_t parameters, const float* first_weights,
               const float* second_weights, int threads, float* first, float* second) {
  std::vector<std::uint32_t> directions;
  std::vector<float> a, b;
  directions.reserve((std::size_t)population.directions);
  a.reserve((std::size_t)population.directions);
  b.reserve((std::size_t)population.directions);
  for (int k = 0; k < population.directions; ++k) {
    if (first_weights[k] == 0.0f && (second_weights == nullptr || second_weights[k] == 0.0f)) continue;
    directions.push_back((std::uint32_t)(population.first_direction + k));
    a.push_back(first_weights[k]);
    b.push_back(second_weights != nullptr ? second_weights[k] : 0.0f);
  }
  const NoiseTerms terms{(std::uint32_t)population.noise_purpose,
                         population.generation,
                         population.seed,
                         (int)directions.size(),
                         directions.data(),
                         a.data(),
                         b.data(),
                         population.drawn,
                         (std::uint32_t)population.first_direction};
  const std::int64_t groups = (parameters + 63) / 64;
  const int team = thread_count(threads, 64 * groups * terms.count, groups);
  const NoiseSumKernels& kernel = kernels<NoiseSumKernels>();
  auto work = [&](int part) {
    kernel.noise_sum(terms, groups * part / team, groups * (part + 1) / team, parameters, first, second);
  };
  if (team == 1) {
    work(0);
  } else {
    Team(team).run(team, work);
  }
}

void write_member(const Population& population, std::int64_t parameters, int member, float* row) {
  if (population.perturbation != nullptr) return write_low_rank_member(population, member, row);
  const int k = population.antithetic ? member / 2 : member;
  const float sign = population.antithetic && member % 2 != 0 ? -1.0f : 1.0f;
  const Stream stream((std::uint32_t)population.noise_purpose, population.seed, population.generation,
                      (std::uint32_t)(population.first_direction + k));
  kernels<NoiseKernels>().perturb(stream, 0, parameters, population.mean, population.scale,
                                  population.scale_per_parameter, sign, row);
}

}  // namespace ember
