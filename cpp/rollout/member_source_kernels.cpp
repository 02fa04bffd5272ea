#include "noise/noise.h"
#include "rollout/member_source.h"

namespace ember {
namespace EMBER_LEVEL {

int MemberSource::next() {
  if (minus_ >= 0) {
    const int member = minus_;
    minus_ = -1;
    sign_ = -1.0f;
    return member;
  }
  // An atomic addition waits until all weights of the last member are stored: a tenth of the time of a small training.
  std::int64_t unit = plan_.alone ? (*plan_.next)++ : __atomic_fetch_add(plan_.next, 1, __ATOMIC_RELAXED);
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
  const std::int64_t whole = noise_stride(numbers(plan_));
  noise_ = p.drawn ? p.drawn + unit * whole : own_noise_;
  if (!p.drawn) {
    noise_fill(Stream((std::uint32_t)p.noise_purpose, p.seed, p.generation,
                      (std::uint32_t)(p.first_direction + unit)),
               0, whole, own_noise_);
  }
  sign_ = 1.0f;
  if (!p.antithetic) return (int)unit;
  minus_ = (int)(2 * unit + 1);
  return (int)(2 * unit);
}

void MemberSource::write_shared(std::int64_t first, std::int64_t count, float* to) const {
  const Population& p = plan_.population;
  const PerturbationPlan& perturbation = *p.perturbation;
  std::memcpy(to, p.mean + first, sizeof(float) * (std::size_t)count);
  const float factor = sign_ * p.scale[0];
  for (int n = 0; n < perturbation.stretch_count; ++n) {
    const FullStretch& part = perturbation.stretches[n];
    const std::int64_t begin = part.offset > first ? part.offset : first;
    const std::int64_t end =
        part.offset + part.size < first + count ? part.offset + part.size : first + count;
    for (std::int64_t i = begin; i < end; ++i) to[i - first] += factor * noise_[part.at + i - part.offset];
  }
}

float MemberSource::write_own(float* to) const {
  const Population& p = plan_.population;
  const PerturbationPlan& perturbation = *p.perturbation;
  if (row_) {
    std::memset(to, 0, sizeof(float) * (std::size_t)perturbation.compact);
  } else {
    std::memcpy(to, noise_, sizeof(float) * (std::size_t)perturbation.compact);
  }
  for (int n = 0; n < perturbation.stretch_count; ++n) {
    const FullStretch& part = perturbation.stretches[n];
    write(part.offset, part.size, to + part.at);
  }
  return row_ ? 0.0f : low_rank_factor(perturbation, p.scale[0], sign_);
}

}  // namespace EMBER_LEVEL
}  // namespace ember
