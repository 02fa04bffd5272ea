// The layers are defined in this source, so that the compiler sees which registers they leave alone.
#include "es/rollout_loop.h"
#include "es/rollout_low_rank.h"

namespace ember {
namespace EMBER_LEVEL {

std::size_t run_low_rank(const RolloutPlan& plan, const RolloutWorker& worker) {
  return run_layout<LowRankLayout>(plan, worker);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
