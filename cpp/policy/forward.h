// Forward passes of several members at once, each on its own observation: what the python engine calls every
// step.
#pragma once

#include <cstdint>

#include "policy/policy.h"

namespace ember {

// y[i] = policy with parameters rows[members[i]] on x[i], for i < count; the same bits as the rollout
// kernels. rows (.., policy.parameters), x (count, policy.inputs), y (count, policy.outputs), row-major; memory
// (count, policy.memory()): what each remembers, which becomes what it remembers next. In `rows` the weights of cells
// lie as (inputs, gates * outputs), which costs its caller a transposition a member instead of one a step.
void forward_members(const Policy& policy, const float* rows, const std::int64_t* members, std::int64_t count,
                     const float* x, float* memory, float* y);

}  // namespace ember
