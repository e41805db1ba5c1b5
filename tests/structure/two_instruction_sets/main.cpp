// Two translation units for two instruction sets in one program: each must run its own kernels, and share everything else.

#include "side.hpp"

#include "support/expectations.hpp"

#include <iostream>
#include <vector>

using upkeep_test::expect;

int main() {
  const side baseline = baseline_side();
  const side native = native_side();
  std::cout << "baseline: " << baseline.instruction_set << ", native: " << native.instruction_set << '\n';

  std::vector<float> a;
  std::vector<float> b;
  double exact = 0;
  for (int i = 0; i < 387; ++i) {  // no multiple of any register's width
    a.push_back(static_cast<float>(i % 13) - 6.0F);
    b.push_back(static_cast<float>(i % 7) * 0.25F);
    exact += static_cast<double>(a.back()) * static_cast<double>(b.back());
  }
  // Small multiples of a quarter: every sum is exact in a float, in whatever order.
  expect(static_cast<double>(baseline.dot(a.data(), b.data(), a.size())) == exact, "the baseline's dot product is right");
  expect(static_cast<double>(native.dot(a.data(), b.data(), a.size())) == exact, "the native dot product is right");

  expect(baseline.catches(native.fail), "what the native side throws is caught by the baseline as upkeep::error");
  expect(native.catches(baseline.fail), "what the baseline throws is caught by the native side as upkeep::error");
  expect(!baseline.catches([] { throw 1; }), "something else is not taken for an upkeep::error");

  const std::string bytes(1000, 'x');
  expect(baseline.checksum(bytes) == native.checksum(bytes), "a checksum does not depend on the instruction set");

  if (baseline.instruction_set == native.instruction_set) {
    std::cout << "skipped: this machine offers nothing beyond the baseline, so both sides share one kernel\n";
  } else {
    expect(baseline.kernel != native.kernel, "each side calls the kernel of its own instruction set");
  }
  return upkeep_test::failures == 0 ? 0 : 1;
}
