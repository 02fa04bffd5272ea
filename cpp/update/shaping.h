// Fitness -> weights. Fitness is float64, larger is better, -inf marks a failed member; NaN and +inf never
// come here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ember {

enum class Shaping : int { raw = 0, centered_rank = 1, z_score = 2 };

// Throws std::invalid_argument listing the names there are.
Shaping shaping_from_name(const std::string& name);

// Each of these fills weights (members,) and returns true, or returns false when the fitness has no spread
// (all members equal, all failed, or a single one), where no update is to be made; weights are then zero.
//
//   raw            f; failed members take the worst finite fitness
//   centered_rank  rank / (members - 1) - 1/2; equal members share the average of their ranks
//                  (Salimans et al. 2017)
//   z_score        (f - mean) / deviation over the members; failed members take the worst finite fitness
bool shape(Shaping shaping, const std::vector<double>& fitness, std::vector<double>* weights);

// table[r] for the member of rank r, rank 0 being the best; equal members share the average of their table
// entries.
bool shape_by_table(const std::vector<double>& fitness, const std::vector<double>& table,
                    std::vector<double>* weights);

// ARS (Mania 2018): of the pairs (fitness[2k], fitness[2k+1]) keeps the `top` with the largest better member
// (among equals the first) and writes (f+ - f-) / (top * deviation) into weights (directions,), zero for the
// others. The deviation is over the 2 * top fitnesses kept (divisor 2 * top). Failed members take the worst
// finite fitness.
bool shape_top(const std::vector<double>& fitness, int top, std::vector<double>* weights);

}  // namespace ember
