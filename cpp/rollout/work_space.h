// What an Evaluator (evaluate.h) holds between calls: memory for each thread, and whose call it is.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "core/checked.h"
#include "core/poll.h"

namespace ember {

// Work space of one thread, aligned to a cache line, kept between calls.
struct Scratch {
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> memory;
  std::size_t size = 0;
  void* reserve(std::size_t bytes) {
    if (bytes > size) {
      checked_count("the work space of a thread", {static_cast<std::int64_t>(bytes)}, 1);
      bytes = (bytes + 4095) / 4096 * 4096;
      memory.reset(std::aligned_alloc(4096, bytes));
      if (!memory) throw OutOfMemory("the work space of a thread: no memory is left");
      // Lanes without a member compute too, on whatever is there: zeros, or numbers of an earlier call.
      std::memset(memory.get(), 0, bytes);
      size = bytes;
    }
    return memory.get();
  }
};

// One evaluation at a time. Whoever waits lets other Python threads run and notices Ctrl-C.
class Gate {
 public:
  // False: *stop became true before it opened.
  bool enter(const std::atomic<bool>* stop) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (busy_) {
      freed_.wait_for(lock, std::chrono::milliseconds(50));
      lock.unlock();
      poll();
      if (stop && stop->load(std::memory_order_relaxed)) return false;
      lock.lock();
    }
    return busy_ = true;
  }
  void leave() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      busy_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool busy_ = false;
};

// Leaves an entered gate at the end of its scope.
struct Leave {
  Gate& gate;
  ~Leave() { gate.leave(); }
};

}  // namespace ember
