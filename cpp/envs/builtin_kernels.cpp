#include "envs/builtin.h"
#include "envs/builtin_table.h"

namespace ember {
namespace EMBER_LEVEL {
namespace {

#define EMBER_DESCRIPTION(Name) &Name<vfloat>::description,
constexpr const EnvDescription* descriptions[] = {EMBER_ENVIRONMENTS(EMBER_DESCRIPTION)};
#undef EMBER_DESCRIPTION

const EnvDescription& describe(int environment) { return *descriptions[environment]; }

}  // namespace
}  // namespace EMBER_LEVEL
}  // namespace ember

EMBER_EXPORT_KERNELS(EnvironmentKernels,
                     {(int)(sizeof(descriptions) / sizeof(*descriptions)), ember::EMBER_LEVEL::describe})
