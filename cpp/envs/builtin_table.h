// The descriptions of the environments in builtin.h, whose headers are compiled for SIMD levels alone.
#pragma once

#include "core/dispatch.h"
#include "envs/description.h"

namespace ember {

struct EnvironmentKernels {
  int count;
  const EnvDescription& (*describe)(int environment);
};

}  // namespace ember

EMBER_DECLARE_KERNELS(EnvironmentKernels)
