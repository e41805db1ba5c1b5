// The choice of kernels by name: all that the machine runs can be chosen, nothing else, and a refusal says what there is.

#include "upkeep/kernels/instructions.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using upkeep_test::failure_of;

TEST_CASE("each instruction set of this machine can be chosen, and is used from then on", "[kernels]") {
  const std::vector<std::string_view> names = upkeep::runnable_instructions();
  REQUIRE_FALSE(names.empty());
  CHECK(upkeep::runnable_kernels(names.size()) == nullptr);
  CHECK(upkeep::runnable_kernels(1000) == nullptr);
  for (const std::string_view name : names) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
    upkeep::select_instructions(name);
    CHECK(upkeep::kernels().instructions == name);
    CHECK_NOTHROW(upkeep::check_instructions());
  }
#if defined(__x86_64__)
  CHECK(names.back() == "sse2");  // every such machine has it
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
  CHECK(names.front() == "avx512vnni");  // this test was compiled for it, and runs
#elif defined(__AVX2__) && defined(__FMA__)
  CHECK(names.size() > 1u);
#endif
  upkeep::select_instructions(names.front());
}

TEST_CASE("a name that is none is refused in a sentence, and nothing changes", "[kernels]") {
  upkeep::select_instructions(upkeep::runnable_instructions().back());
  const upkeep::kernel_table* const before = &upkeep::kernels();
  for (const std::string_view name :
       {"", "avx9", "AVX2", "avx2 ", "sse2\n", "an instruction set with a name that is far too long for anything"}) {
    const auto refused = failure_of([&] { upkeep::select_instructions(name); });
    CHECK(refused.code == upkeep::errc::invalid_argument);
    CHECK(refused.names("\"" + std::string(name) + "\""));
    CHECK(refused.names("use one of "));
    for (const std::string_view known : upkeep::runnable_instructions()) CHECK(refused.names(known));
    CHECK(&upkeep::kernels() == before);
  }
  upkeep::select_instructions(upkeep::runnable_instructions().front());
}
