#include "envs/mujoco/physics.h"

#include <atomic>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace ember::mujoco {
namespace {

thread_local std::jmp_buf* way_back = nullptr;
thread_local std::string message;

// The handlers that somebody else set before ours, for calls that are not ours.
std::atomic<void (*)(const char*)> former_error{nullptr}, former_warning{nullptr};

// MuJoCo does not go on after an error: its handler must not return. Where the call is not ours and nobody
// else handles it, it ends the process as MuJoCo does without a handler.
void on_error(const char* text) {
  if (!way_back) {
    if (auto* const former = former_error.load()) former(text);
    std::fprintf(stderr, "MuJoCo: %s\n", text);
    std::exit(EXIT_FAILURE);
  }
  message = text;
  std::longjmp(*way_back, 1);
}

// Warnings of ours are read from mjData.
void on_warning(const char* text) {
  if (way_back) return;
  if (auto* const former = former_warning.load()) {
    former(text);
  } else {
    std::fprintf(stderr, "MuJoCo: %s\n", text);
  }
}

void put_before(void (**handler)(const char*), void (*own)(const char*),
                std::atomic<void (*)(const char*)>* former) {
  if (!handler || *handler == own) return;
  former->store(*handler);
  *handler = own;
}

template <class Call>
bool guarded(Call call) {
  std::jmp_buf here;
  std::jmp_buf* const outer = way_back;
  way_back = &here;
  const bool good = setjmp(here) == 0;
  if (good) call();
  way_back = outer;
  return good;
}

// A clock that stands. Not none at all: another thread may just have found that there is one, and call it.
double no_time() { return 0.0; }

std::mutex clock_mutex;
int untimed = 0;
double (*former_clock)() = nullptr;

}  // namespace

Untimed::Untimed(const Library& library) : clock_(library.clock) {
  if (!clock_) return;
  const std::lock_guard<std::mutex> lock(clock_mutex);
  if (untimed++ > 0 || !*clock_) return;
  former_clock = *clock_;
  *clock_ = no_time;
}

Untimed::~Untimed() {
  if (!clock_) return;
  const std::lock_guard<std::mutex> lock(clock_mutex);
  if (--untimed == 0 && *clock_ == no_time) *clock_ = former_clock;  // else somebody set another meanwhile
}

const std::string& last_error() { return message; }

void Engine::take_handlers() const {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  put_before(library_.on_error, on_error, &former_error);
  put_before(library_.on_warning, on_warning, &former_warning);
}

bool Engine::reset_data(const Simulation& simulation) const {
  return guarded([&] { library_.reset_data(simulation.model, simulation.data); });
}

bool Engine::forward(const Simulation& simulation, const std::function<void()>& first) const {
  return guarded([&] {
    first();
    library_.forward(simulation.model, simulation.data);
  });
}

bool Engine::reset(const Simulation& simulation, const double* qpos, int nq, const double* qvel,
                   int nv) const {
  return guarded([&] {
    library_.reset_data(simulation.model, simulation.data);
    std::memcpy(simulation[Field::qpos], qpos, sizeof(double) * static_cast<std::size_t>(nq));
    std::memcpy(simulation[Field::qvel], qvel, sizeof(double) * static_cast<std::size_t>(nv));
    library_.forward(simulation.model, simulation.data);
  });
}

bool Engine::step(const Simulation& simulation, int count) const {
  return guarded([&] {
    for (int n = 0; n < count; ++n) library_.step(simulation.model, simulation.data);
    library_.rne_post_constraint(simulation.model, simulation.data);
  });
}

}  // namespace ember::mujoco
