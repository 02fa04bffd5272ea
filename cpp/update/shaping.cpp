#include "update/shaping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace ember {
namespace {

// Fitness with failed members at the worst finite value. False when nothing is left to tell members apart.
bool repair(const std::vector<double>& fitness, std::vector<double>* repaired) {
  double worst = std::numeric_limits<double>::infinity(), best = -worst;
  for (double f : fitness) {
    if (!std::isfinite(f)) continue;
    worst = std::min(worst, f);
    best = std::max(best, f);
  }
  repaired->assign(fitness.size(), 0.0);
  if (!(worst < best)) return false;
  for (std::size_t i = 0; i < fitness.size(); ++i)
    (*repaired)[i] = std::isfinite(fitness[i]) ? fitness[i] : worst;
  return true;
}

double deviation(const std::vector<double>& values, double* mean) {
  double sum = 0.0, squares = 0.0;
  for (double value : values) sum += value;
  *mean = sum / (double)values.size();
  for (double value : values) squares += (value - *mean) * (value - *mean);
  return std::sqrt(squares / (double)values.size());
}

// Calls visit(first, last, members) for each run of equal members, best first: ranks [first, last).
template <class Visit>
void for_ties(const std::vector<double>& fitness, Visit visit) {
  std::vector<int> order(fitness.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return fitness[a] != fitness[b] ? fitness[a] > fitness[b] : a < b; });
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    for (last = first + 1; last < order.size() && fitness[order[last]] == fitness[order[first]];) ++last;
    visit(first, last, order.data() + first);
  }
}

bool has_spread(const std::vector<double>& fitness) {
  for (double f : fitness)
    if (f != fitness[0]) return true;
  return false;
}

}  // namespace

Shaping shaping_from_name(const std::string& name) {
  if (name == "raw") return Shaping::raw;
  if (name == "centered_rank") return Shaping::centered_rank;
  if (name == "z_score") return Shaping::z_score;
  throw std::invalid_argument("shaping: got '" + name + "', wanted one of raw, centered_rank, z_score");
}

bool shape(Shaping shaping, const std::vector<double>& fitness, std::vector<double>* weights) {
  const std::size_t members = fitness.size();
  if (shaping == Shaping::centered_rank) {
    weights->assign(members, 0.0);
    if (!has_spread(fitness)) return false;
    for_ties(fitness, [&](std::size_t first, std::size_t last, const int* tied) {
      const double from_best = 0.5 * (double)(first + last - 1);
      const double weight = ((double)(members - 1) - from_best) / (double)(members - 1) - 0.5;
      for (std::size_t i = 0; i < last - first; ++i) (*weights)[tied[i]] = weight;
    });
    return true;
  }
  if (!repair(fitness, weights)) return false;
  if (shaping == Shaping::z_score) {
    double mean;
    const double scale = deviation(*weights, &mean);
    if (!(scale > 0.0) || !std::isfinite(scale)) {
      weights->assign(members, 0.0);
      return false;
    }
    for (double& weight : *weights) weight = (weight - mean) / scale;
  }
  return true;
}

bool shape_by_table(const std::vector<double>& fitness, const std::vector<double>& table,
                    std::vector<double>* weights) {
  weights->assign(fitness.size(), 0.0);
  if (!has_spread(fitness)) return false;
  for_ties(fitness, [&](std::size_t first, std::size_t last, const int* tied) {
    double sum = 0.0;
    for (std::size_t rank = first; rank < last; ++rank) sum += table[rank];
    for (std::size_t i = 0; i < last - first; ++i) (*weights)[tied[i]] = sum / (double)(last - first);
  });
  return true;
}

bool shape_top(const std::vector<double>& fitness, int top, std::vector<double>* weights) {
  const int directions = (int)(fitness.size() / 2);
  if (fitness.size() % 2 != 0)
    throw std::invalid_argument("fitness: wanted pairs, an even number of members");
  if (top < 1 || top > directions) {
    throw std::invalid_argument("top: got " + std::to_string(top) +
                                ", wanted 1 to the number of directions, " + std::to_string(directions));
  }
  std::vector<double> repaired;
  weights->assign(directions, 0.0);
  if (!repair(fitness, &repaired)) return false;
  std::vector<int> order(directions);
  std::iota(order.begin(), order.end(), 0);
  auto better = [&](int k) { return std::max(repaired[2 * k], repaired[2 * k + 1]); };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return better(a) > better(b); });
  order.resize(top);
  std::sort(order.begin(), order.end());
  std::vector<double> kept;
  for (int k : order) {
    kept.push_back(repaired[2 * k]);
    kept.push_back(repaired[2 * k + 1]);
  }
  double mean;
  const double scale = deviation(kept, &mean);
  if (!(scale > 0.0) || !std::isfinite(scale)) return false;
  for (int k : order) (*weights)[k] = (repaired[2 * k] - repaired[2 * k + 1]) / (top * scale);
  return true;
}

}  // namespace ember
