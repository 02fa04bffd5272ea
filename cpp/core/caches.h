// How large the caches of a core are: for choosing what is worked on together, never for a result.
#pragma once

namespace ember {

struct Caches {
  double first, second;  // bytes of data of the first and the second level
};
// Asked of the system once; where it does not say, sizes that most processors have.
const Caches& caches();

}  // namespace ember
