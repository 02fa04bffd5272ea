#include "noise/low_rank.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/threads.h"
#include "noise/low_rank_table.h"
#include "noise/noise_table.h"

namespace ember {
namespace {

// Noise that is held at one time: 4 MiB, and as much again where it lies as the product reads it.
constexpr std::int64_t held = std::int64_t{1} << 20;

// Work in units of about a nanosecond for which a second thread is worth its start.
constexpr double worth = 200000.0;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Where the vectors of one matrix lie while some directions are added up: in tiles and panels, of which each
// has the numbers of all these directions and ranks side by side.
struct Packed {
  std::int64_t rows = 0, columns = 0;  // offsets
};

class Sum {
 public:
  Sum(const Population& population, const float* weights, float* first)
      : population_(population), plan_(*population.perturbation), first_(first) {
    for (int k = 0; k < population.directions; ++k) {
      if (weights[k] == 0.0f) continue;
      directions_.push_back(static_cast<std::uint32_t>(population.first_direction + k));
      weights_.push_back(weights[k]);
    }
    const auto count = static_cast<std::int64_t>(directions_.size());
    at_once_ = static_cast<int>(std::clamp<std::int64_t>(held / std::max<std::int64_t>(1, plan_.compact), 1,
                                                         std::max<std::int64_t>(1, count)));
  }

  void run(int threads) {
    std::fill(first_, first_ + plan_.parameters, 0.0f);
    if (directions_.empty()) return;
    const double terms = static_cast<double>(plan_.parameters) * plan_.rank / 16 + plan_.compact;
    const double useful = terms * static_cast<double>(directions_.size()) / worth;
    int team = 1;  // asking the system for its cores takes longer than a small sum
    if (useful >= 2)
      team = static_cast<int>(std::min<double>(threads > 0 ? threads : available_threads(), useful));
    const std::unique_ptr<Team> own = team > 1 ? std::make_unique<Team>(team) : nullptr;
    const auto split = [&](auto work) {
      if (own) {
        own->run(team, work);
      } else {
        work(0);
      }
    };
    reserve(team);
    for (begin_ = 0; begin_ < directions_.size(); begin_ += static_cast<std::size_t>(count_)) {
      count_ = static_cast<int>(
          std::min<std::size_t>(static_cast<std::size_t>(at_once_), directions_.size() - begin_));
      split([&](int part) { draw(part, team); });
      split([&](int part) { add(part, team); });
    }
    if (plan_.rank > 1) split([&](int part) { divide(part, team); });
  }

 private:
  void reserve(int team) {
    std::int64_t size = 0;
    for (int n = 0; n < plan_.matrix_count; ++n) {
      const LowRankMatrix& matrix = plan_.matrices[n];
      const std::int64_t depth = std::int64_t{at_once_} * plan_.rank;
      packed_.push_back({size, size + ceil_div(matrix.rows, low_rank_tile) * low_rank_tile * depth});
      size = packed_.back().columns + ceil_div(matrix.columns, table_.panel) * table_.panel * depth;
    }
    for (int n = 0; n < plan_.stretch_count; ++n) stretched_ += plan_.stretches[n].size;
    vectors_.assign(static_cast<std::size_t>(size), 0.0f);
    stretches_.resize(static_cast<std::size_t>(stretched_ * at_once_));
    drawn_.resize(static_cast<std::size_t>(plan_.compact * team));
  }

  // The noise of this part's directions, laid out.
  void draw(int part, int team) {
    float* noise = drawn_.data() + plan_.compact * part;
    for (int k = count_ * part / team; k < count_ * (part + 1) / team; ++k) {
      const std::size_t which = begin_ + static_cast<std::size_t>(k);
      noise_.fill(Stream(static_cast<std::uint32_t>(population_.noise_purpose), population_.seed,
                         population_.generation, directions_[which]),
                  0, plan_.compact, noise);
      for (int n = 0; n < plan_.matrix_count; ++n) {
        const LowRankMatrix& matrix = plan_.matrices[n];
        // The weight is on a, wherever a lies.
        const float on_rows = matrix.matrix.outputs_first ? 1.0f : weights_[which];
        const float on_columns = matrix.matrix.outputs_first ? weights_[which] : 1.0f;
        for (int j = 0; j < plan_.rank; ++j) {
          lay(noise + matrix.row_factors + j * matrix.rows, matrix.rows, low_rank_tile, k * plan_.rank + j,
              on_rows, vectors_.data() + packed_[static_cast<std::size_t>(n)].rows);
          lay(noise + matrix.column_factors + j * matrix.columns, matrix.columns, table_.panel,
              k * plan_.rank + j, on_columns, vectors_.data() + packed_[static_cast<std::size_t>(n)].columns);
        }
      }
      float* to = stretches_.data() + stretched_ * k;
      for (int n = 0; n < plan_.stretch_count; ++n) {
        const FullStretch& stretch = plan_.stretches[n];
        to = std::copy(noise + stretch.at, noise + stretch.at + stretch.size, to);
      }
    }
  }

  // A vector as term `term` of every block of `width` numbers.
  void lay(const float* from, std::int64_t size, int width, int term, float weight, float* to) const {
    const std::int64_t block = std::int64_t{width} * count_ * plan_.rank;
    to += std::int64_t{width} * term;
    for (std::int64_t i = 0; i < size; i += width, to += block) {
      const std::int64_t some = std::min<std::int64_t>(width, size - i);
      for (std::int64_t l = 0; l < some; ++l) to[l] = weight * from[i + l];
    }
  }

  void add(int part, int team) {
    for (int n = 0; n < plan_.matrix_count; ++n) {
      const LowRankMatrix& matrix = plan_.matrices[n];
      const Packed& packed = packed_[static_cast<std::size_t>(n)];
      const std::int64_t tiles = ceil_div(matrix.rows, low_rank_tile);
      table_.product(vectors_.data() + packed.rows, vectors_.data() + packed.columns, count_ * plan_.rank,
                     matrix.rows, matrix.columns, tiles * part / team, tiles * (part + 1) / team,
                     first_ + matrix.matrix.offset);
    }
    std::int64_t at = 0;
    for (int n = 0; n < plan_.stretch_count; ++n) {
      const FullStretch& stretch = plan_.stretches[n];
      const std::int64_t from = stretch.size * part / team, to = stretch.size * (part + 1) / team;
      table_.weigh(stretches_.data() + at + from, stretched_, weights_.data() + begin_, count_, to - from,
                   first_ + stretch.offset + from);
      at += stretch.size;
    }
  }

  void divide(int part, int team) {
    const float root = static_cast<float>(1.0 / plan_.root);
    for (int n = 0; n < plan_.matrix_count; ++n) {
      const LowRankMatrix& matrix = plan_.matrices[n];
      const std::int64_t size = matrix.rows * matrix.columns;
      float* sums = first_ + matrix.matrix.offset;
      for (std::int64_t i = size * part / team; i < size * (part + 1) / team; ++i) sums[i] *= root;
    }
  }

  const Population& population_;
  const PerturbationPlan& plan_;
  float* first_;
  const LowRankKernels& table_ = kernels<LowRankKernels>();
  const NoiseKernels& noise_ = kernels<NoiseKernels>();
  std::vector<std::uint32_t> directions_;  // whose weight is not 0
  std::vector<float> weights_;
  int at_once_ = 1;        // directions
  std::size_t begin_ = 0;  // of those at work, and how many
  int count_ = 0;
  std::vector<Packed> packed_;
  std::int64_t stretched_ = 0;  // numbers of a direction outside of matrices
  std::vector<float> vectors_, stretches_, drawn_;
};

}  // namespace

void low_rank_sum(const Population& population, const float* weights, int threads, float* first) {
  Sum(population, weights, first).run(threads);
}

void write_low_rank_member(const Population& population, int member, float* row) {
  const PerturbationPlan& plan = *population.perturbation;
  const int k = population.antithetic ? member / 2 : member;
  std::vector<float> noise(static_cast<std::size_t>(plan.compact));
  kernels<NoiseKernels>().fill(
      Stream(static_cast<std::uint32_t>(population.noise_purpose), population.seed, population.generation,
             static_cast<std::uint32_t>(population.first_direction + k)),
      0, plan.compact, noise.data());
  kernels<LowRankKernels>().member(plan, noise.data(), population.mean, population.scale[0],
                                   population.antithetic && member % 2 != 0 ? -1.0f : 1.0f, row);
}

}  // namespace ember
