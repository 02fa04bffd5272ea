#include "core/poll.h"

#include <chrono>

namespace ember {

PollHook& poll_hook() {
  thread_local PollHook hook;
  return hook;
}

void poll() {
  using clock = std::chrono::steady_clock;
  thread_local clock::time_point last{};
  const PollHook& hook = poll_hook();
  if (hook.call == nullptr) return;
  const clock::time_point now = clock::now();
  if (now - last < std::chrono::milliseconds(50)) return;
  last = now;
  hook.call(hook.context);
}

}  // namespace ember
