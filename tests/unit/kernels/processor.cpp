// Which instruction sets a machine can run, told from made-up answers of cpuid: every single bit that is missing takes its sets away.

#include "upkeep/kernels/processor.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

// What a processor with all of it answers: nothing but the bits that are asked for.
constexpr upkeep::processor_answers everything{
    .leaf_1_ecx = 1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 | 1u << 28 | 1u << 29,
    .leaf_7_ebx = 1u << 3 | 1u << 5 | 1u << 8 | 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31,
    .leaf_7_ecx = 1u << 11,
    .leaf_7_1_eax = 1u << 4,
    .leaf_80000001_ecx = 1u << 0 | 1u << 5,
    .saved_registers = 0xe7};

// "2" AVX2, "v" AVX-VNNI, "5" AVX-512, "V" AVX-512 VNNI.
std::string offers(const upkeep::processor_answers& answers) {
  const upkeep::processor_offers o = upkeep::offers_of(answers);
  return std::string(o.avx2 ? "2" : "") + (o.avxvnni ? "v" : "") + (o.avx512 ? "5" : "") + (o.avx512vnni ? "V" : "");
}

// What is offered when each of the set bits of one answer is missing, from bit 0 up.
template <class Answer>
std::vector<std::string> without_each(Answer upkeep::processor_answers::*answer) {
  std::vector<std::string> result;
  for (unsigned bit = 0; bit < sizeof(Answer) * 8; ++bit) {
    upkeep::processor_answers less = everything;
    if ((less.*answer >> bit & 1u) == 0) continue;
    less.*answer &= ~(Answer{1} << bit);
    result.push_back(offers(less));
  }
  return result;
}

}  // namespace

TEST_CASE("a processor with everything offers everything, one with nothing nothing", "[kernels]") {
  CHECK(offers(everything) == "2v5V");
  CHECK(offers({}).empty());
  static_assert(upkeep::offers_of(everything).avx512vnni, "the choice needs no machine");
}

TEST_CASE("every bit that a compiler counts on is asked for", "[kernels]") {
  using answers = upkeep::processor_answers;
  CHECK(without_each(&answers::leaf_1_ecx) == std::vector<std::string>(11, ""));
  CHECK(without_each(&answers::leaf_80000001_ecx) == std::vector<std::string>(2, ""));
  CHECK(without_each(&answers::leaf_7_ebx) == std::vector<std::string>{"", "", "", "2v", "2v", "2v", "2v", "2v"});
  CHECK(without_each(&answers::leaf_7_ecx) == std::vector<std::string>{"2v5"});
  CHECK(without_each(&answers::leaf_7_1_eax) == std::vector<std::string>{"25V"});
  // x87 is not asked for; without XMM or YMM nothing, without masks or either half of ZMM no AVX-512.
  CHECK(without_each(&answers::saved_registers) == std::vector<std::string>{"2v5V", "", "", "2v", "2v", "2v"});
}

TEST_CASE("an operating system that saves no wide registers gets none used", "[kernels]") {
  upkeep::processor_answers answers = everything;
  answers.saved_registers = 0;
  CHECK(offers(answers).empty());
  answers.saved_registers = 0x7;
  CHECK(offers(answers) == "2v");
}
