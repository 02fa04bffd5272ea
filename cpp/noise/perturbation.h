// How a member's parameters follow from mean, scale and the noise of its direction. Without a perturbation a
// parameter has a normal of its own (population.h); by low rank a matrix has a few vectors instead.
//
// theta in its flat order is matrices and what lies between them. Of a matrix of m inputs and n outputs with
// r (m + n) < m n the noise is E = (1 / sqrt(r)) sum_j a_j b_j^T, j < r (Sarkar et al. 2025, arXiv 2511.16652);
// all else has a normal for each parameter. The noise of a direction is one vector of the stream, `compact`
// values long, in the order of theta: of a matrix a_0 .. a_{r-1}, then b_0 .. b_{r-1}; of the rest its values.
// With s = 1 or -1 and e the fma over j of a_ji b_jo, in order, from zero, a member has
//   mean + c e, c = s scale / sqrt(r)        in such a matrix,
//   mean + s scale noise                     elsewhere, product and sum each rounded to float32.
#pragma once

#include <cstdint>
#include <vector>

namespace ember {

// A matrix of theta: row-major (inputs, outputs), or (outputs, inputs) where `outputs_first`.
struct Matrix {
  std::int64_t offset;
  std::int64_t inputs, outputs;
  bool outputs_first;
};

// A matrix whose noise is of low rank; its a_0 is at `at` of the compact noise.
struct LowRankMatrix {
  Matrix matrix;
  std::int64_t at;
  // Of the array as it lies in theta: its rows meet the vectors at `row_factors`, its columns the others.
  std::int64_t rows, columns, row_factors, column_factors;
};

// Parameters [offset, offset + size) that have a normal each, at `at` of the compact noise.
struct FullStretch {
  std::int64_t offset, size, at;
};

// Plain data that points into a Perturbation, for kernels.
struct PerturbationPlan {
  int rank;
  double root;  // of the rank
  std::int64_t parameters, compact;
  const LowRankMatrix* matrices;
  int matrix_count;
  const FullStretch* stretches;
  int stretch_count;
};

class Perturbation {
 public:
  // Throws std::invalid_argument where a matrix lies outside of theta or overlaps another. Any order.
  Perturbation(int rank, std::int64_t parameters, std::vector<Matrix> matrices);
  Perturbation(const Perturbation&) = delete;
  Perturbation& operator=(const Perturbation&) = delete;

  const PerturbationPlan& plan() const { return plan_; }
  const std::vector<LowRankMatrix>& matrices() const { return low_; }
  const std::vector<FullStretch>& stretches() const { return full_; }

 private:
  std::vector<LowRankMatrix> low_;
  std::vector<FullStretch> full_;
  PerturbationPlan plan_{};
};

// s scale / sqrt(r), as every engine takes it.
float low_rank_factor(const PerturbationPlan& plan, float scale, float sign);

}  // namespace ember
