// Running mean and deviation of the observations, float64, merged once a generation. The arithmetic is that
// of python/ember_ml/policy/observation.py, operation by operation, which engines outside the native run loop
// use.
#pragma once

#include <cstdint>
#include <vector>

#include "rollout/evaluate.h"

namespace ember {

struct ObservationStatistics {
  double count = 0.0;
  std::vector<double> mean, squares;  // (inputs,); squares: sum of squared differences from the mean

  explicit ObservationStatistics(int inputs) : mean(inputs, 0.0), squares(inputs, 0.0) {}

  // Chan, Golub and LeVeque's merge of one generation's sums, which are relative to `shift`, the float32 mean
  // that was frozen for it.
  void merge(const ObservationSums& sums, const std::vector<float>& shift);

  // What a generation normalises with: the mean and 1 / deviation in float32. A deviation under 1e-6, or no
  // observation yet, counts as 1.
  void freeze(std::vector<float>* frozen_mean, std::vector<float>* inverse_deviation) const;
};

}  // namespace ember
