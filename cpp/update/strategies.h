// The strategies there are, one file each; strategy.cpp makes them by name.
#pragma once

#include <memory>

#include "update/strategy.h"

namespace ember {

std::unique_ptr<Strategy> make_openai_es(Options& options, std::unique_ptr<Optimizer> optimizer);
std::unique_ptr<Strategy> make_ars(Options& options, std::unique_ptr<Optimizer>);
std::unique_ptr<Strategy> make_snes(Options& options, std::unique_ptr<Optimizer>);
std::unique_ptr<Strategy> make_pgpe(Options& options, std::unique_ptr<Optimizer> optimizer);
std::unique_ptr<Strategy> make_sep_cmaes(Options& options, std::unique_ptr<Optimizer>);

}  // namespace ember
