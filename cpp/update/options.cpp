#include "update/options.h"

#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace ember {
namespace {

std::string shown(const Options::Value& value) {
  if (const std::string* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.9g", std::get<double>(value));
  return buffer;
}

}  // namespace

const Options::Value& Options::value(const std::string& name) {
  auto found = values_.find(name);
  if (found == values_.end()) throw std::invalid_argument(name + ": missing");
  used_[name] = true;
  return found->second;
}

double Options::limited(const std::string& name, bool (*fits)(double), const char* wanted) {
  const Value& given = value(name);
  const double* number = std::get_if<double>(&given);
  if (number == nullptr || !std::isfinite(*number) || !fits(*number)) {
    throw std::invalid_argument(name + ": got " + shown(given) + ", wanted " + wanted);
  }
  return *number;
}

double Options::number(const std::string& name) {
  return limited(name, [](double) { return true; }, "a finite number");
}
double Options::positive(const std::string& name) {
  return limited(name, [](double x) { return x > 0.0; }, "a positive number");
}
double Options::not_negative(const std::string& name) {
  return limited(name, [](double x) { return x >= 0.0; }, "a number of at least 0");
}
double Options::fraction(const std::string& name) {
  return limited(name, [](double x) { return x >= 0.0 && x <= 1.0; }, "a number from 0 to 1");
}
double Options::below_one(const std::string& name) {
  return limited(name, [](double x) { return x >= 0.0 && x < 1.0; }, "a number from 0 to below 1");
}
std::int64_t Options::count(const std::string& name) {
  return (std::int64_t)limited(
      name, [](double x) { return x >= 1.0 && x < 2147483648.0 && x == std::floor(x); },
      "a whole number of at least 1");
}
std::int64_t Options::count_or_zero(const std::string& name) {
  return (std::int64_t)limited(
      name, [](double x) { return x >= 0.0 && x < 2147483648.0 && x == std::floor(x); },
      "a whole number of at least 0");
}
bool Options::flag(const std::string& name) {
  return limited(name, [](double x) { return x == 0.0 || x == 1.0; }, "True or False") != 0.0;
}

std::string Options::text(const std::string& name) {
  const Value& given = value(name);
  const std::string* text = std::get_if<std::string>(&given);
  if (text == nullptr) throw std::invalid_argument(name + ": got " + shown(given) + ", wanted a name");
  return *text;
}

void Options::finish(const std::string& owner) const {
  for (const auto& item : values_) {
    if (used_.count(item.first) == 0)
      throw std::invalid_argument(owner + " has no option '" + item.first + "'");
  }
}

}  // namespace ember
