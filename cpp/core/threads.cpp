#include "core/threads.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "core/poll.h"

namespace ember {
namespace {

// How long a waiting thread looks at its flag before it sleeps: longer than the pause between two small
// generations.
constexpr std::chrono::microseconds patience{20};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

template <class Ready>
bool spin(Ready ready) {
  const auto until = std::chrono::steady_clock::now() + patience;
  do {
    for (int i = 0; i < 64; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < until);
  return ready();
}

}  // namespace

struct Team::Impl {
  std::mutex mutex;
  std::condition_variable start, finish;
  std::atomic<unsigned> round{0};  // counts calls of run
  std::atomic<int> running{0};     // members other than the caller that are to finish this round
  // Under the mutex: whether every member belongs to the round, or those that come while it is open.
  bool everyone = true, open = false;
  bool leave = false;
  int count = 0;
  void (*work)(void*, int) = nullptr;
  void* context = nullptr;
  std::exception_ptr error;
  std::vector<std::thread> threads;
  pid_t owner = getpid();

  void guarded(int index) {
    try {
      work(context, index);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!error) error = std::current_exception();
    }
  }

  void member(int index) {
    unsigned seen = 0;
    for (;;) {
      if (!spin([&] { return round.load(std::memory_order_acquire) != seen; })) {
        std::unique_lock<std::mutex> lock(mutex);
        start.wait(lock, [&] { return round.load(std::memory_order_relaxed) != seen; });
      }
      {
        const std::lock_guard<std::mutex> lock(mutex);
        seen = round.load(std::memory_order_relaxed);
        if (leave) return;
        if (!everyone) {
          if (!open) continue;
          running.fetch_add(1, std::memory_order_relaxed);
        }
      }
      if (index < count) guarded(index);
      if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::lock_guard<std::mutex> lock(mutex);
        finish.notify_one();
      }
    }
  }

  void begin_round(bool with_everyone) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      everyone = with_everyone;
      open = true;
      running.store(everyone ? static_cast<int>(threads.size()) : 0, std::memory_order_relaxed);
      round.fetch_add(1, std::memory_order_release);
    }
    start.notify_all();
  }

  void close_round() {
    const std::lock_guard<std::mutex> lock(mutex);
    open = false;
  }

  void dismiss() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      leave = true;
    }
    begin_round(true);
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
};

Team::Team(int threads) : impl_(new Impl) {
  try {
    for (int index = 1; index < threads; ++index) {
      impl_->threads.emplace_back([impl = impl_.get(), index] { impl->member(index); });
    }
  } catch (const std::system_error&) {
    const std::string made = std::to_string(size());
    impl_->dismiss();
    throw std::runtime_error("threads: wanted " + std::to_string(threads) + ", but the system allows only " +
                             made);
  }
}

Team::~Team() {
  if (getpid() != impl_->owner) {  // a forked child: the threads are not there
    for (std::thread& thread : impl_->threads) thread.detach();
    impl_.release();
    return;
  }
  impl_->dismiss();
}

int Team::size() const { return static_cast<int>(impl_->threads.size()) + 1; }

void Team::run(int count, void (*work)(void*, int), void* context, bool everyone) {
  Impl& team = *impl_;
  if (count <= 1 || team.threads.empty()) {
    work(context, 0);
    return;
  }
  team.work = work;
  team.context = context;
  team.count = count;
  team.error = nullptr;
  team.begin_round(everyone);
  team.guarded(0);
  team.close_round();
  const auto done = [&] { return team.running.load(std::memory_order_acquire) == 0; };
  if (!spin(done)) {
    std::unique_lock<std::mutex> lock(team.mutex);
    while (!team.finish.wait_for(lock, std::chrono::milliseconds(50), done)) {
      lock.unlock();
      poll();
      lock.lock();
    }
  }
  if (team.error) std::rethrow_exception(team.error);
}

}  // namespace ember
