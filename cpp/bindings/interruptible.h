// Long native calls without the GIL that Ctrl-C ends.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <utility>

#include "core/poll.h"

namespace ember::bindings {

// Runs `work(stop)` on this thread without the GIL. While it runs, this thread takes the GIL every 50 ms or
// so (where the work calls ember::poll) and lets Python handle signals; if that raises (KeyboardInterrupt),
// *stop becomes true, the work is expected to return soon, and the exception is thrown. Python handles
// signals on its main thread only, so on any other thread the work simply runs to its end. Calls may nest.
template <class Work>
auto interruptible(Work&& work) -> decltype(work(static_cast<const std::atomic<bool>*>(nullptr))) {
  std::atomic<bool> stop{false};
  struct Hook {
    PollHook before = poll_hook();
    explicit Hook(std::atomic<bool>* flag) {
      poll_hook() = {[](void* context) {
                       auto* stop_flag = static_cast<std::atomic<bool>*>(context);
                       if (stop_flag->load(std::memory_order_relaxed)) return;
                       pybind11::gil_scoped_acquire acquire;
                       // The error stays with this Python thread until the work has returned.
                       if (PyErr_CheckSignals() != 0) stop_flag->store(true, std::memory_order_relaxed);
                     },
                     flag};
    }
    ~Hook() { poll_hook() = before; }
  };
  const auto check = [&stop] {
    if (stop.load(std::memory_order_relaxed)) throw pybind11::error_already_set();
  };
  if constexpr (std::is_void_v<decltype(work(&std::as_const(stop)))>) {
    {
      const Hook hook(&stop);
      const pybind11::gil_scoped_release release;
      work(&std::as_const(stop));
    }
    check();
  } else {
    auto result = [&] {
      const Hook hook(&stop);
      const pybind11::gil_scoped_release release;
      return work(&std::as_const(stop));
    }();
    check();
    return result;
  }
}

}  // namespace ember::bindings
