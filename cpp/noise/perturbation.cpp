#include "noise/perturbation.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/checked.h"

namespace ember {

Perturbation::Perturbation(int rank, std::int64_t parameters, std::vector<Matrix> matrices) {
  constexpr std::int64_t most_side = std::int64_t{1} << 31, most_parameters = std::int64_t{1} << 48;
  checked_int("rank", rank, 1, 1 << 20);
  if (parameters < 0 || parameters > most_parameters) {
    refuse("parameters: got " + std::to_string(parameters) + ", wanted at most 2**48");
  }
  std::sort(matrices.begin(), matrices.end(),
            [](const Matrix& a, const Matrix& b) { return a.offset < b.offset; });
  std::int64_t end = 0, at = 0;  // of theta and of the noise so far
  const auto stretch_to = [&](std::int64_t offset) {
    if (offset == end) return;
    full_.push_back({end, offset - end, at});
    at += offset - end;
  };
  for (const Matrix& matrix : matrices) {
    const std::string name = "matrix at " + std::to_string(matrix.offset);
    if (matrix.inputs < 1 || matrix.outputs < 1 || matrix.inputs > most_side || matrix.outputs > most_side) {
      refuse(name + ": got " + std::to_string(matrix.inputs) + " inputs and " +
             std::to_string(matrix.outputs) + " outputs, wanted 1 to 2**31");
    }
    if (matrix.offset < end) refuse(name + ": begins before another ends");
    if (matrix.offset > parameters || matrix.outputs > (parameters - matrix.offset) / matrix.inputs) {
      refuse(name + ": " + std::to_string(matrix.inputs) + " x " + std::to_string(matrix.outputs) +
             " numbers do not fit into " + std::to_string(parameters) + " parameters");
    }
    const std::int64_t m = matrix.inputs, n = matrix.outputs;
    if (m + n >= (m * n + rank - 1) / rank) continue;  // r (m + n) >= m n: a normal each is cheaper
    stretch_to(matrix.offset);
    const std::int64_t a = at, b = at + rank * m;
    const bool turned = matrix.outputs_first;
    low_.push_back({matrix, at, turned ? n : m, turned ? m : n, turned ? b : a, turned ? a : b});
    at += rank * (m + n);
    end = matrix.offset + m * n;
  }
  stretch_to(parameters);
  plan_ = {rank,        std::sqrt(static_cast<double>(rank)), parameters,   at,
           low_.data(), static_cast<int>(low_.size()),        full_.data(), static_cast<int>(full_.size())};
}

float low_rank_factor(const PerturbationPlan& plan, float scale, float sign) {
  return sign * static_cast<float>(static_cast<double>(scale) / plan.root);
}

}  // namespace ember
