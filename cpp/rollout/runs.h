// A worker's run in each layout, compiled one by one: together they would keep one core busy while others wait.
#pragma once

#include "rollout/group.h"

namespace ember {
namespace EMBER_LEVEL {

// Takes units until there are none, in worker.memory; without it only counts. Returns the bytes of work space used.
std::size_t run_members(const RolloutPlan& plan, const RolloutWorker& worker);
std::size_t run_episodes(const RolloutPlan& plan, const RolloutWorker& worker);
std::size_t run_low_rank(const RolloutPlan& plan, const RolloutWorker& worker);  // of a perturbation
std::size_t run_units(const RolloutPlan& plan, const RolloutWorker& worker);

}  // namespace EMBER_LEVEL
}  // namespace ember
