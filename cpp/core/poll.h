// How a long native call notices Ctrl-C: the thread that made the call looks, now and then, through a hook
// that its caller left here. The bindings' hook takes the GIL and lets Python handle signals
// (bindings/interruptible.h).
#pragma once

namespace ember {

struct PollHook {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

// The hook of this thread.
PollHook& poll_hook();

// Calls the hook if this thread has one and the last call is 50 ms or more ago. Costs a look at the clock.
void poll();

}  // namespace ember
