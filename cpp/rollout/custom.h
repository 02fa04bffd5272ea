// A user's environment, before anything is called through it.
#pragma once

#include "include/ember_env.h"

namespace ember {

// The whole struct: what a plugin's own is too small to hold is zero. Throws std::invalid_argument naming the field
// that does not fit.
ember_env whole(const ember_env& env);

}  // namespace ember
