// A team of threads for one native call: made when the call needs it and joined at its end, so that nothing
// is left behind and a fork finds no threads.
#pragma once

#include <memory>
#include <string>

namespace ember {

// Threads that this process can keep busy: its CPU affinity, and the CPU quota of its control group rounded
// up (read once), at least 1.
int available_threads();
// CPUs' worth of time that the quotas of a control group and of its ancestors leave; infinite if there are
// none. `groups` is a file as /proc/self/cgroup (versions 1 and 2), `mount` where the hierarchy lies.
double cpu_quota(const std::string& groups, const std::string& mount);

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
  void run(int count, void (*work)(void* context, int index), void* context) {
    run(count, work, context, true);
  }
  // The same for work that each member takes from a common store until nothing is left: a member that comes when the
  // caller has ended its part is not waited for. Beside other programs' threads that is often so.
  void run_with_help(int count, void (*work)(void* context, int index), void* context) {
    run(count, work, context, false);
  }

  template <class Work>
  void run(int count, Work work) {
    run(count, called<Work>, static_cast<void*>(&work), true);
  }
  template <class Work>
  void run_with_help(int count, Work work) {
    run(count, called<Work>, static_cast<void*>(&work), false);
  }

 private:
  template <class Work>
  static void called(void* context, int index) {
    (*static_cast<Work*>(context))(index);
  }
  void run(int count, void (*work)(void* context, int index), void* context, bool everyone);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ember
