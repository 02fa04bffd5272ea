// From what the workers left to an Evaluation.
#pragma once

#include "rollout/evaluate.h"
#include "rollout/rollout.h"

namespace ember {

void collect(const RolloutPlan& plan, const Problem& problem, Evaluation* out);

}  // namespace ember
