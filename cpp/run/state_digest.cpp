#include "run/state_digest.h"

#include <string>
#include <vector>

#include "core/digest.h"
#include "update/state.h"

namespace ember {
namespace {

class Digester : public StateVisitor {
 public:
  Digest digest;
  void number(const std::string&, double& value) override { digest.add(&value, sizeof value); }
  void integer(const std::string&, std::int64_t& value) override { digest.add(&value, sizeof value); }
  void count(const std::string&, std::int64_t& value) override { digest.add(&value, sizeof value); }
  void vector(const std::string&, std::vector<float>& values) override {
    digest.add(values.data(), values.size() * sizeof(float));
  }
};

}  // namespace

std::uint64_t state_digest(Strategy& strategy, const ObservationStatistics* statistics) {
  Digester digester;
  strategy.visit(digester);
  Digest& digest = digester.digest;
  if (statistics != nullptr) {
    digest.add(&statistics->count, sizeof statistics->count);
    for (const std::vector<double>* values : {&statistics->mean, &statistics->squares}) {
      digest.add(values->data(), values->size() * sizeof(double));
    }
  }
  return digest.value();
}

}  // namespace ember
