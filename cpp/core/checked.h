// Sizes that come from outside, checked before they are multiplied, narrowed or allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <string>

namespace ember {

constexpr std::int64_t most_directions =
    (std::int64_t{1} << 30) - 1;  // an int counts the two members of each
constexpr std::int64_t most_threads = 1024;

[[noreturn]] void refuse(const std::string& message);  // throws std::invalid_argument

// `value` as an int. Throws std::invalid_argument naming it where it is not in [least, most].
int checked_int(const std::string& name, std::int64_t value, std::int64_t least, std::int64_t most);

// Memory that this machine cannot give. In Python: MemoryError.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// The product of the factors, which are not negative: how many elements of `size` bytes an array has. Throws
// OutOfMemory saying what they are for where that wraps or is more than the memory of this machine.
std::size_t checked_count(const char* what, std::initializer_list<std::int64_t> factors, std::size_t size);

}  // namespace ember
