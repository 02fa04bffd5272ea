// What a checkpoint must hold of an object, by name: each object visits its own state, saving and loading
// alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ember {

class StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  virtual void number(const std::string& name, double& value) = 0;
  virtual void integer(const std::string& name, std::int64_t& value) = 0;
  virtual void count(const std::string& name, std::int64_t& value) = 0;  // 0 or more, and room to count on
  virtual void vector(const std::string& name, std::vector<float>& values) = 0;  // keeps its size
};

}  // namespace ember
