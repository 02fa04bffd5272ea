#include "core/noise.h"
#include "es/member_source.h"

namespace ember {
namespace EMBER_LEVEL {

int MemberSource::next() {
  if (minus_ >= 0) {
    const int member = minus_;
    minus_ = -1;
    sign_ = -1.0f;
    return member;
  }
  std::int64_t unit = __atomic_fetch_add(plan_.next, 1, __ATOMIC_RELAXED);
  if (unit >= plan_.units) return -1;
  const Population& p = plan_.population;
  row_ = nullptr;
  if (plan_.with_policy && unit-- == 0) {
    row_ = p.mean;
    return plan_.members;
  }
  if (p.rows) {
    row_ = p.rows + (plan_.by_episode ? 0 : unit) * plan_.policy.parameters;
    return (int)unit;
  }
  const std::int64_t whole = noise_stride(plan_.policy.parameters);
  noise_ = p.drawn ? p.drawn + unit * whole : own_noise_;
  noise_fill(
      Stream((std::uint32_t)p.noise_purpose, p.seed, p.generation, (std::uint32_t)(p.first_direction + unit)),
      0, whole, noise_);
  sign_ = 1.0f;
  if (!p.antithetic) return (int)unit;
  minus_ = (int)(2 * unit + 1);
  return (int)(2 * unit);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
