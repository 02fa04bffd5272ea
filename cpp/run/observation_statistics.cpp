#include "run/observation_statistics.h"

#include <cmath>

namespace ember {

void ObservationStatistics::merge(const ObservationSums& sums, const std::vector<float>& shift) {
  if (!(sums.count > 0.0)) return;
  const double total = count + sums.count;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double difference = sums.sum[i] / sums.count;
    const double other_mean = (double)shift[i] + difference;
    const double other_squares = sums.sum_of_squares[i] - sums.sum[i] * difference;
    const double delta = other_mean - mean[i];
    mean[i] += delta * (sums.count / total);
    squares[i] = (squares[i] + (other_squares > 0.0 ? other_squares : 0.0)) +
                 (delta * delta) * (count * (sums.count / total));
  }
  count = total;
}

void ObservationStatistics::freeze(std::vector<float>* frozen_mean,
                                   std::vector<float>* inverse_deviation) const {
  frozen_mean->resize(mean.size());
  inverse_deviation->resize(mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double deviation = count > 0.0 ? std::sqrt(squares[i] / count) : 1.0;
    (*frozen_mean)[i] = (float)mean[i];
    (*inverse_deviation)[i] = deviation < 1e-6 ? 1.0f : (float)(1.0 / deviation);
  }
}

}  // namespace ember
