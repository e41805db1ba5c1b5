// Does something undefined on purpose: proves that the sanitizers of the preset end the program, so that green means something.

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile int one = 1;  // keeps the compiler from seeing through what follows
int shared = 0;

}  // namespace

int main(int count, char* arguments[]) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "overflow") {
    const int most = std::numeric_limits<int>::max() - 1 + one;
    std::cout << most + one << '\n';
  } else if (what == "cast") {
    const double large = 1e30 * one;
    std::cout << static_cast<int>(large) << '\n';
  } else if (what == "heap") {
    const std::vector<int> values(static_cast<std::size_t>(one) * 4);
    std::cout << *(values.data() + 3 + one) << '\n';
  } else if (what == "leak") {
    std::cout << (std::malloc(static_cast<std::size_t>(one) * 100) != nullptr) << '\n';
  } else if (what == "race") {
    std::thread other([] { shared = shared + one; });
    shared = shared + one;
    other.join();
    std::cout << shared << '\n';
  }
  std::cout << "the program went on to its end\n";
  return 0;
}
