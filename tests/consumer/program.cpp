// A first program of a user: one include per thing used, nothing linked but what the headers need.
#include <upkeep/base/error.hpp>
#include <upkeep/metric/cosine.hpp>
#include <upkeep/version.hpp>

#include <iostream>
#include <vector>

int main() {
  const std::vector<float> a{1, 2, 3};
  if (upkeep::cosine{}.score(a, a) < 0.999999) return 1;
  try {
    throw upkeep::error(upkeep::errc::not_found, "a thing");
  } catch (const upkeep::error& e) {
    if (e.code() != upkeep::errc::not_found) return 1;
  }
  std::cout << UPKEEP_VERSION_STRING << '\n';
}
