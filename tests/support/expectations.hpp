#pragma once
// How a test program without a test framework says what did not hold.

#include <iostream>
#include <string>

namespace upkeep_test {

inline int failures = 0;  // what such a program ends with, unless 0

inline void expect(bool held, const std::string& what) {
  if (held) return;
  std::cerr << "failed: " << what << '\n';
  ++failures;
}

}  // namespace upkeep_test
