// A team of threads for one native call: made when the call needs it and joined at its end, so that nothing
// is left behind and a fork finds no threads.
#pragma once

#include <memory>

namespace ember {

// Threads this process may run on (its CPU affinity), at least 1.
int available_threads();

class Team {
 public:
  // Of `threads` members, the calling thread being number 0.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const;
  // work(context, index) on members 0 .. count-1 at once (count at most size()); returns when all are done.
  // While the caller waits for the others it polls (core/poll.h). An exception of a member is thrown again
  // here.
  void run(int count, void (*work)(void* context, int index), void* context);

  template <class Work>
  void run(int count, Work work) {
    run(
        count, [](void* context, int index) { (*static_cast<Work*>(context))(index); },
        static_cast<void*>(&work));
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ember
