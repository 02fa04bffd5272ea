// Named options of a strategy or optimiser, as they come from Python and from checkpoints. Defaults live in
// Python, once; here every option must be present, known and in range.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace ember {

class Options {
 public:
  using Value = std::variant<double, std::string>;

  explicit Options(std::map<std::string, Value> values) : values_(std::move(values)) {}

  // All of these throw std::invalid_argument naming the option, what came and what was wanted.
  double number(const std::string& name);        // finite
  double positive(const std::string& name);      // finite, > 0
  double not_negative(const std::string& name);  // finite, >= 0
  double fraction(const std::string& name);      // in [0, 1]
  double below_one(const std::string& name);     // in [0, 1)
  bool has(const std::string& name) const { return values_.count(name) != 0; }
  std::int64_t count(const std::string& name);  // whole, >= 1
  std::int64_t count_or_zero(const std::string& name);
  bool flag(const std::string& name);
  std::string text(const std::string& name);
  // Throws if an option was given that nobody asked for. `owner` is named in the message.
  void finish(const std::string& owner) const;

 private:
  double limited(const std::string& name, bool (*fits)(double), const char* wanted);
  const Value& value(const std::string& name);

  std::map<std::string, Value> values_;
  std::map<std::string, bool> used_;
};

}  // namespace ember
