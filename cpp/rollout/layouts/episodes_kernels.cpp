// The layers are defined in this source, so that the compiler sees which registers they leave alone.
#include "policy/dense_episodes.h"
#include "rollout/loop.h"

namespace ember {
namespace EMBER_LEVEL {

#define EMBER_EPISODES(G) \
  template void dense_episodes<G>(const LayerPlan&, const float*, const float* const*, float* const*);
EMBER_EPISODES(1)
EMBER_EPISODES(2)
EMBER_EPISODES(3)
EMBER_EPISODES(4)
#undef EMBER_EPISODES

std::size_t run_episodes(const RolloutPlan& plan, const RolloutWorker& worker) {
  return run_layout<EpisodesLayout>(plan, worker);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
