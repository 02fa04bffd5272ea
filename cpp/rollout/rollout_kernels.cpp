#include "rollout/evaluate.h"
#include "rollout/rollout.h"
#include "rollout/runs.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

std::size_t dispatch(const RolloutPlan& plan, int layout, const RolloutWorker& worker) {
  if (plan.low_rank.rank > 0 && layout != (int)Layout::units) return run_low_rank(plan, worker);
  switch ((Layout)layout) {
    case Layout::episodes:
      return run_episodes(plan, worker);
    case Layout::units:
      return run_units(plan, worker);
    default:
      return run_members(plan, worker);
  }
}

std::size_t scratch(const RolloutPlan& plan, int layout, int groups) {
  return dispatch(plan, layout, RolloutWorker{0, groups, nullptr});
}
void run(const RolloutPlan& plan, int layout, const RolloutWorker& worker) { dispatch(plan, layout, worker); }

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(RolloutKernels, {lanes, scratch, run})
