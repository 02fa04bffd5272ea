// One number for where a training stands: its strategy's state and its observation statistics.
#pragma once

#include <cstdint>

#include "run/observation_statistics.h"
#include "update/strategy.h"

namespace ember {

// `statistics` may be null. The strategy must have been started.
std::uint64_t state_digest(Strategy& strategy, const ObservationStatistics* statistics);

}  // namespace ember
