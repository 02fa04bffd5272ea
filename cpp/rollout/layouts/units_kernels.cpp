// The layers are defined in this source, so that the compiler sees which registers they leave alone.
#include "policy/dense_units.h"
#include "policy/elementwise.h"
#include "rollout/loop.h"

namespace ember {
namespace EMBER_LEVEL {

template void apply_operations<false>(const ElementwisePlan*, int, float*, int, int);

std::size_t run_units(const RolloutPlan& plan, const RolloutWorker& worker) {
  return run_layout<UnitsLayout>(plan, worker);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
