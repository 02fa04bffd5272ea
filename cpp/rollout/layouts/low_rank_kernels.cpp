// The layers are defined in this source, so that the compiler sees which registers they leave alone.
#include "rollout/layouts/low_rank.h"
#include "rollout/loop.h"

namespace ember {
namespace EMBER_LEVEL {

std::size_t run_low_rank(const RolloutPlan& plan, const RolloutWorker& worker) {
  return run_layout<LowRankLayout>(plan, worker);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
