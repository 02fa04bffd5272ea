// Population -> returns: the rollout loop, threaded, without a member-by-parameter array.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "noise/population.h"
#include "policy/policy.h"

struct ember_env;  // include/ember_env.h

namespace ember {

enum class Layout : int {
  automatic = 0,
  members = 1,
  episodes = 2,
  units = 3
};  // what lies in the SIMD lanes

// Everything about the task that does not change between generations.
struct Problem {
  Policy policy;
  std::string env;                     // name of a built-in environment, or empty when `custom` is set
  const ember_env* custom = nullptr;   // a user's environment (C or numba); outlives the Problem
  std::vector<double> env_parameters;  // overrides of the built-in environment's constants, in its declared
                                       // order; may be empty
  int episodes = 1;                    // per member
  int max_steps = 0;                   // 0: the environment's own limit
  int frame_skip = 1;                  // each action is held for so many environment steps, rewards summed
  bool clip_actions = true;  // Box actions are clipped to the bounds before the environment sees them
  bool normalize = false;    // observations: clip((x - mean) * inverse_deviation, +-observation_clip)
  float observation_clip = 10.0f;
  double reward_scale = 1.0;   // fitness only: returns are sums of reward_scale * (reward - reward_offset);
  double reward_offset = 0.0;  // raw_returns stay raw
  int threads = 0;             // 0: all cores
  Layout layout = Layout::automatic;
  bool simulated = false;  // each step is one of a physics simulation; the Evaluator sees to it
  // What becomes of a member with a failed episode: its observations are not counted either, and a user's
  // environment that reports an error fails the episode instead of ending the evaluation.
  bool rank_last = false;
};

// Sums over live steps of (x - shift) and (x - shift)^2 with shift = the frozen mean, float64: those of an
// episode step by step, of a member over its episodes in order, of a leaf over the members of its 16
// directions in order; leaves combined by a fixed binary tree. The observation that a failed step led to is
// not counted: no policy saw it.
struct ObservationSums {
  double count = 0.0;
  std::vector<double> sum, sum_of_squares;  // (inputs,)
};

struct Evaluation {
  std::vector<double> fitness;  // (members,) mean over episodes of the shaped reward; -inf when failed
  std::vector<double>
      returns;  // (members, episodes) raw undiscounted returns, float64 sums of float32 rewards
  std::vector<std::int32_t> lengths;  // (members, episodes) environment steps
  std::vector<std::uint8_t>
      failed;  // (members, episodes) 1 where the simulation diverged (non-finite state or reward)
  std::vector<double> policy_returns;  // (episodes,) of the unperturbed mean, if asked for
  std::vector<std::int32_t> policy_lengths;
  std::vector<ObservationSums>
      leaves;  // one per 16 directions, if Problem.normalize (the unperturbed policy is not counted)
  std::int64_t steps = 0;  // all environment steps, the unperturbed policy's included
};

// A user's environment reported an error (EMBER_ERROR) and Problem.rank_last is false; the generation is
// lost, nothing else.
struct EvaluationError : std::runtime_error {
  EvaluationError(const std::string& what, std::int64_t member_, std::uint32_t generation_)
      : std::runtime_error(what), member(member_), generation(generation_) {}
  std::int64_t member;  // the unperturbed policy has the number after the last member
  std::uint32_t generation;
};

// Combines leaves by the fixed binary tree: pairs (0,1), (2,3), ... level by level, an odd last one carried
// up.
ObservationSums combine_leaves(const std::vector<ObservationSums>& leaves);

// Holds threads and work space for a Problem, so that a small generation costs microseconds. One
// evaluation at a time: other threads wait for their turn, also between the generations of a run.
class Evaluator {
 public:
  explicit Evaluator(Problem problem);  // throws std::invalid_argument
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  const Problem& problem() const;
  // observation_mean / observation_deviation_inverse: (inputs,) float32, frozen; ignored unless
  // Problem.normalize. with_policy also evaluates the unperturbed mean on starts of direction 0xFFFFFFFF.
  // Returns false if `stop` became true before the end; `out` is then unspecified.
  bool evaluate(const Population& population, const float* observation_mean,
                const float* observation_inverse_deviation, bool with_policy, const std::atomic<bool>* stop,
                Evaluation* out);
  // Which layout and how many threads a population of this size runs on, and why: text for explain().
  std::string explain(int directions, bool antithetic, const PerturbationPlan* perturbation = nullptr) const;
  // Threads exist only between begin() and end() (or during one evaluate() outside of them), so nothing is
  // left behind and fork is safe. Nested calls count.
  void begin();
  void end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ember
