#include "upkeep/guard/digits_and_negation.hpp"

#include "judging.hpp"
#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::string_view_literals;
using upkeep::verdict;

namespace {

verdict judge(std::string_view removed, std::string_view survivor) {
  const upkeep::digits_and_negation guard;
  const verdict answer = upkeep_test::judge(guard, removed, survivor);
  CAPTURE(removed, survivor);
  CHECK(upkeep_test::judge(guard, survivor, removed) == answer);  // it has no direction
  return answer;
}

}  // namespace

TEST_CASE("digits_and_negation: other wording without other figures covers") {
  CHECK(judge("The deadline is October 15th.", "Deadline: October 15th") == verdict::covers);
  CHECK(judge("the cat sits", "a dog runs") == verdict::covers);
  CHECK(judge("It is NOT safe", "this isn\u2019t, I say: not ... safe") == verdict::review);
  CHECK(judge("It is NOT safe", "it is not at all safe") == verdict::covers);
  CHECK(judge("version 1.2.3, please", "please: (version 1.2.3)") == verdict::covers);
  CHECK(judge("use **15** of \u201c16\u201d", "uses 15 and '16'.") == verdict::covers);
}

TEST_CASE("digits_and_negation: numbers, dates and versions that differ go to review") {
  const std::pair<std::string_view, std::string_view> different[] = {
      {"deadline is October 15th", "deadline is October 16th"},
      {"deadline is October 15th", "deadline is November 15th"},
      {"on Monday", "on Tuesday"},
      {"am Montag", "am Dienstag"},
      {"im März", "im April"},
      {"see you today", "see you tomorrow"},
      {"2026-01-02", "2026-02-01"},
      {"version 1.2.3", "version 1.2.30"},
      {"Win32 compiler", "Win64 compiler"},
      {"from 3 to 5", "from 5 to 3"},
      {"grew by 5", "grew by -5"},
      {"a result of (5)", "a result of 5"},
      {"costs 5 $", "costs 5 \u20ac"},
      {"if x < 5", "if x > 5"},
      {"x \u2264 5", "x \u2265 5"},
      {"grew 5%", "grew 5"},
      {"1,000 rows", "1.000 rows"},
      {"2 copies of 2", "2 copies"},
      {"two copies", "three copies"},
      {"zwei Kopien", "drei Kopien"},
      {"einundzwanzig", "zweiundzwanzig"},
      {"area in m\u00b2", "area in m\u00b3"},
      {"\u0661 item", "\u0662 item"},
      {"H\u2082O", "H\u2083O"},
      {"5 1", "51"},
  };
  for (const auto& [a, b] : different) {
    CAPTURE(a, b);
    CHECK(judge(a, b) == verdict::review);
  }
}

TEST_CASE("digits_and_negation: a negation on one side alone goes to review") {
  const std::pair<std::string_view, std::string_view> different[] = {
      {"it is safe", "it is not safe"},
      {"it is safe", "it is (not!) safe"},
      {"it is safe", "it is \u201cnot\u201d safe"},
      {"it is safe", "it is /not/ safe"},
      {"it is safe", "it is NOT safe"},
      {"it is safe", "it isn't safe"},
      {"it is safe", "it ISN\u2019T safe"},
      {"with care", "without care"},
      {"always do", "never do"},
      {"yes", "no"},
      {"free software", "non-free software"},
      {"das ist sicher", "das ist nicht sicher"},
      {"ein Fehler", "kein Fehler"},
      {"ein Fehler", "Keinerlei Fehler"},
      {"mit Gewähr", "ohne Gewähr"},
      {"immer", "NIE"},
      {"alle außer mir", "alle mit mir"},
      {"safe", "safe, not\xF0\x9F\x91\x8D"},
      {"safe", "not\xFF safe"},
  };
  for (const auto& [a, b] : different) {
    CAPTURE(a, b);
    CHECK(judge(a, b) == verdict::review);
  }
}

TEST_CASE("digits_and_negation: letters that only look like a negation do not count") {
  CHECK(judge("a note", "a knot") == verdict::covers);
  CHECK(judge("notable", "another") == verdict::covers);
  CHECK(judge("Akzent", "Dekein") == verdict::covers);  // begins with kein, not ends
}

TEST_CASE("digits_and_negation: signs away from a number do not count") {
  CHECK(judge("- a list", "a list") == verdict::covers);
  CHECK(judge("a - b", "a + b") == verdict::covers);
  CHECK(judge("- 5", "5") == verdict::review);
  CHECK(judge("5 - a", "5 + a") == verdict::review);
  CHECK(judge("5 | a", "5 a") == verdict::covers);
}

TEST_CASE("digits_and_negation: a missing text goes to review on either side") {
  for (const std::string_view missing : {std::string_view(), ""sv, " \n\t"sv}) {
    CHECK(judge(missing, "one") == verdict::review);
    CHECK(judge(missing, "words") == verdict::review);
    CHECK(judge(missing, missing) == verdict::review);
  }
}

TEST_CASE("digits_and_negation: a text agrees with itself, and one figure more or less is always seen") {
  upkeep::rng random(99);
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::string> words;
    for (auto n = 1 + random.below(12); n > 0; --n) {
      std::string word;
      for (auto k = 1 + random.below(5); k > 0; --k)
        word += static_cast<char>(random.chance(0.2) ? random.below(256) : 'a' + random.below(26));
      words.push_back(word);
    }
    const auto joined = [&] {
      std::string text;
      for (const std::string& word : words) text += word + ' ';
      return text;
    };
    const std::string before = joined();
    if (upkeep::has_words(before)) REQUIRE(upkeep_test::judge(upkeep::digits_and_negation{}, before, before) == verdict::covers);
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(random.below(words.size() + 1)), std::to_string(random.below(1000)));
    CAPTURE(before, joined());
    REQUIRE(upkeep_test::judge(upkeep::digits_and_negation{}, before, joined()) == verdict::review);
  }
}

TEST_CASE("digits_and_negation: hostile texts end") {
  for (const std::string_view odd : {"5\x80\x80\x80\x80\x80"sv, "\xE2\x80"sv, "5\xE2\x80"sv, "\xC0\xB0"sv, "'5'\x80"sv, "((((5"sv,
                                     "5))))"sv, "\0005\0"sv, "''''5''''"sv, "n't"sv, "'"sv}) {
    CHECK(upkeep_test::judge(upkeep::digits_and_negation{}, odd, odd) == verdict::covers);
  }
  CHECK(judge("'5'\x80"sv, "5"sv) == verdict::review);  // a stray byte is no punctuation
  for (const char c : {'\'', '(', 'n', '-', '\x80'}) {
    const std::string many(500'000, c);
    CHECK(judge(many + "5", many + "5") == verdict::covers);
    CHECK(judge("5" + many, "6" + many) == verdict::review);
  }
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "5 - ";
  CHECK(judge(text + "5", text + "6") == verdict::review);
}

TEST_CASE("digits_and_negation: tells why it hesitates") {
  const upkeep::digits_and_negation guard;
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", "not 6")) == "a number, a date or a negation differs");
  CHECK(guard.doubt(upkeep_test::pair_of("", "not 6")) == "a text is missing");
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", " \t")) == "a text is missing");
}
