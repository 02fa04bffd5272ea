// Episodes in flight: one vector of lanes, and the thread's memory that groups are made of.
#pragma once

#include <cstddef>

#include "core/math.h"
#include "rollout/rollout.h"

namespace ember {
namespace EMBER_LEVEL {

// Hands out aligned pieces of a block of memory; with no block it only counts.
class Arena {
 public:
  explicit Arena(void* memory) : base_((unsigned char*)memory) {}
  template <class T>
  T* take(std::int64_t count) {
    T* piece = base_ ? (T*)(base_ + used_) : nullptr;
    used_ += ((std::size_t)count * sizeof(T) + 63) / 64 * 64;
    return piece;
  }
  std::size_t used() const { return used_; }
  bool has_memory() const { return base_ != nullptr; }

 private:
  unsigned char* base_;
  std::size_t used_ = 0;
};

// Arrays of lanes are (elements, lanes): element i of lane l is at i * lanes + l.
struct Group {
  float* observation;
  float *a, *b;      // forward's two buffers, each (widest, lanes)
  const float* out;  // the policy's output, in a, b or observation
  float* action;
  unsigned char* state;  // built-in: (states, lanes) floats; custom: (lanes, state_size) bytes
  float* memory;         // what the policy's cells remember, (values, lanes)
  float* gates;          // room for the gates of a cell over its input, and over its state
  float* weights;        // of the members under way; the layout says how
  double* sums;          // (2, observations, lanes)
  vdouble returns;
  vint steps;
  vmask live, lost;  // lost: an output was not a number
  vmask ended;       // rollout/small/small.h: live lanes whose episode ended before the time limit
  int live_count;
  int member[lanes], episode[lanes];
};

// What a layer writes: of the two buffers the one that it does not read.
inline float* other_buffer(const Group& group) { return group.out == group.b ? group.a : group.b; }

EMBER_INLINE void set_lane(vint& x, int lane, std::int32_t value) { x.v[lane] = value; }
EMBER_INLINE void set_lane(vdouble& x, int lane, double value) {
  if (lane < lanes / 2) {
    x.low[lane] = value;
  } else {
    x.high[lane - lanes / 2] = value;
  }
}

}  // namespace EMBER_LEVEL
}  // namespace ember
