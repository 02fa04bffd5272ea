// MuJoCo as Python hands it over: entry points of the installed library, and simulations by the addresses of
// their arrays. No header of MuJoCo and no link, so that one build serves every version: mjModel and mjData
// change with each release, the functions and the arrays used here do not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ember::mujoco {

struct Library {
  void (*step)(const void* model, void* data);
  void (*forward)(const void* model, void* data);
  void (*reset_data)(const void* model, void* data);
  void (*rne_post_constraint)(const void* model, void* data);
  // Variables of the library that hold a handler, or null: what MuJoCo calls for code that is not Python's.
  void (**on_error)(const char*);
  void (**on_warning)(const char*);
  // Variable that holds the clock with which MuJoCo times the stages of a step, or null.
  double (**clock)();
};

// While one exists, MuJoCo does not time its stages: Python's package has it read the system's clock some thirty
// times a step, an eighth of a HalfCheetah's. Whose simulations run meanwhile in other threads find zeros in mjData.timer.
class Untimed {
 public:
  explicit Untimed(const Library& library);
  ~Untimed();
  Untimed(const Untimed&) = delete;
  Untimed& operator=(const Untimed&) = delete;

 private:
  double (**clock_)();
};

// Arrays of mjData that tasks read, by number.
enum class Field : int { qpos, qvel, ctrl, xpos, xipos, cinert, cvel, qfrc_actuator, cfrc_ext, count };
constexpr int fields = static_cast<int>(Field::count);

// One model with one mjData of its own, both owned by Python. Used by one thread at a time.
struct Simulation {
  int number = 0;
  const void* model = nullptr;
  void* data = nullptr;
  double* field[fields] = {};
  // Counters of mjData's warnings that mean a diverged simulation (bad position, velocity, acceleration).
  const std::int32_t* warnings[3] = {};

  double* operator[](Field name) const { return field[static_cast<int>(name)]; }
  bool diverged() const { return *warnings[0] > 0 || *warnings[1] > 0 || *warnings[2] > 0; }
};

// Calls into the library. An error of MuJoCo's, which would end the process, makes a call return false;
// warnings are counted in mjData and neither printed nor logged.
class Engine {
 public:
  explicit Engine(const Library& library) : library_(library) { take_handlers(); }
  const Library& library() const { return library_; }
  // Again before a thread plays: handlers are the process's, and somebody may have set others since.
  void take_handlers() const;
  bool reset_data(const Simulation& simulation) const;
  // mj_forward, after `first`.
  bool forward(const Simulation& simulation, const std::function<void()>& first = [] {}) const;
  bool reset(const Simulation& simulation, const double* qpos, int nq, const double* qvel, int nv) const;
  // `count` steps with what is in ctrl, then what only mj_rnePostConstraint computes.
  bool step(const Simulation& simulation, int count) const;

 private:
  Library library_;
};

// The text of the last error in this thread.
const std::string& last_error();

}  // namespace ember::mujoco
