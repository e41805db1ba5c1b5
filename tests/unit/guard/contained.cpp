#include "upkeep/guard/contained.hpp"

#include "judging.hpp"
#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using upkeep::verdict;

namespace {

verdict judge(std::string_view removed, std::string_view survivor) { return upkeep_test::judge(upkeep::contained{}, removed, survivor); }

// The definition, word for word and slowly: every run of the survivor is tried, and boundaries are looked up in the text itself.
verdict slow_judge(std::string_view removed, std::string_view survivor) {
  struct placed {
    std::string word;
    std::size_t begin, end;
  };
  const auto split = [](std::string_view text) {
    std::vector<placed> words;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (" \t\n\v\f\r"sv.find(text[i]) != std::string_view::npos) continue;
      if (words.empty() || words.back().end != i) words.push_back({"", i, i});
      words.back().word += text[i];
      words.back().end = i + 1;
    }
    return words;
  };
  const auto part = split(removed);
  const auto whole = split(survivor);
  if (part.empty() || whole.empty()) return verdict::review;
  const auto boundary_before = [&](std::size_t i) {
    if (i == 0 || i == whole.size()) return true;
    const std::string_view gap = survivor.substr(whole[i - 1].end, whole[i].begin - whole[i - 1].end);
    if (gap.find('\n') != std::string_view::npos || gap.find('\r') != std::string_view::npos) return true;
    const char last = whole[i - 1].word.back();
    return last == '.' || last == '!' || last == '?' || last == ':' || last == ';';
  };
  for (std::size_t start = 0; start + part.size() <= whole.size(); ++start) {
    bool equal = true;
    for (std::size_t i = 0; i < part.size(); ++i) equal = equal && part[i].word == whole[start + i].word;
    if (equal && boundary_before(start) && boundary_before(start + part.size())) return verdict::covers;
  }
  return verdict::review;
}

std::string repeated(std::string_view unit, std::size_t times) {
  std::string text;
  text.reserve(unit.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += unit;
  return text;
}

}  // namespace

TEST_CASE("contained: a whole sentence or line of the survivor covers") {
  CHECK(judge("One two.", "One two.") == verdict::covers);
  CHECK(judge("One two.", "Zero. One two. Three.") == verdict::covers);
  CHECK(judge("one two", "# Title\none two\nthree") == verdict::covers);
  CHECK(judge("one two", "zero\r\none two") == verdict::covers);
  CHECK(judge("one two", "one two\rthree") == verdict::covers);
  for (const std::string end : {".", "!", "?", ":", ";"}) {
    CAPTURE(end);
    CHECK(judge("b" + end, "a" + end + " b" + end + " c") == verdict::covers);
  }
}

TEST_CASE("contained: the same words inside a sentence go to review") {
  CHECK(judge("safe", "not safe") == verdict::review);
  CHECK(judge("safe", "safe never") == verdict::review);
  CHECK(judge("is safe", "It is safe.") == verdict::review);
  CHECK(judge("One two.", "Not One two. Three.") == verdict::review);
  CHECK(judge("One two", "One two, three.") == verdict::review);
  CHECK(judge("b", "a, b, c") == verdict::review);
  CHECK(judge("b", "a.) b c") == verdict::review);
  CHECK(judge("b c", "a.\nb c d") == verdict::review);  // begins at a boundary, does not end at one
  CHECK(judge("b c", "a b c.") == verdict::review);     // the word with its full stop is another word, too
}

TEST_CASE("contained: a later occurrence counts where an earlier one has no boundary") {
  CHECK(judge("safe", "not safe\nsafe") == verdict::covers);
  CHECK(judge("a a.", "x a a. a a.") == verdict::covers);
  CHECK(judge("a a", "a a a\na a") == verdict::covers);
  CHECK(judge("a b a", "a b a b a\nx") == verdict::review);
  CHECK(judge("a b a", "a b a\nb a") == verdict::covers);
}

TEST_CASE("contained: white space between words does not matter, in either text") {
  CHECK(judge("one two  three", "one\ttwo\n three") == verdict::covers);
  CHECK(judge("one\ntwo", "Zero. one two") == verdict::covers);
  CHECK(judge("  one two\n", "one two") == verdict::covers);
}

TEST_CASE("contained is directional") {
  CHECK(judge("One.", "One. Two.") == verdict::covers);
  CHECK(judge("One. Two.", "One.") == verdict::review);
}

TEST_CASE("contained: words are compared byte for byte") {
  CHECK(judge("One", "one") == verdict::review);
  CHECK(judge("one", "one.") == verdict::review);
  CHECK(judge("a\0b"sv, "a\0b"sv) == verdict::covers);
  CHECK(judge("a\0b"sv, "a\0c"sv) == verdict::review);
  CHECK(judge("a"sv, "a\0b"sv) == verdict::review);
  CHECK(judge("\xff\xfe"sv, "x.\n\xff\xfe"sv) == verdict::covers);
  CHECK(judge("\xff\xfe"sv, "\xff\xfd"sv) == verdict::review);
  CHECK(judge("one\xc2\xa0two"sv, "one two"sv) == verdict::review);  // a no-break space is part of a word
}

TEST_CASE("contained: an unbroken run, not the same words here and there") {
  CHECK(judge("One. Three.", "One. Two. Three.") == verdict::review);
  CHECK(judge("Two. One.", "One. Two.") == verdict::review);
}

TEST_CASE("contained: a missing text goes to review on either side") {
  for (const std::string_view missing : {std::string_view(), ""sv, " \n\t"sv}) {
    CHECK(judge(missing, "one") == verdict::review);
    CHECK(judge("one", missing) == verdict::review);
    CHECK(judge(missing, missing) == verdict::review);
  }
}

TEST_CASE("contained reads texts only") { CHECK(upkeep::fields_read<upkeep::contained>() == upkeep::field::text); }

TEST_CASE("contained agrees with its definition on every pair of short texts of a tiny alphabet") {
  const std::string_view units[] = {"a", "b", "a.", " ", "\n"};
  std::vector<std::string> texts;
  for (std::size_t length = 0; length <= 4; ++length) {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < length; ++i) combinations *= 5;
    for (std::size_t code = 0; code < combinations; ++code) {
      std::string text;
      for (std::size_t i = 0, rest = code; i < length; ++i, rest /= 5) text += units[rest % 5];
      texts.push_back(text);
    }
  }
  std::size_t covers = 0;
  std::size_t wrong = 0;
  for (const std::string& removed : texts) {
    if (removed.size() > 3) continue;
    for (const std::string& survivor : texts) {
      const verdict expected = slow_judge(removed, survivor);
      covers += expected == verdict::covers ? 1 : 0;
      if (judge(removed, survivor) != expected && ++wrong < 5) {
        CAPTURE(removed, survivor);
        CHECK(judge(removed, survivor) == expected);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(covers > 500);
}

TEST_CASE("contained agrees with its definition on generated texts") {
  upkeep::rng random(2024);
  const auto word = [&] { return std::string(std::vector<std::string>{"a", "b", "a.", "ab", "b;", "a\0"}[random.below(6)]); };
  const auto text = [&](std::uint64_t words) {
    std::string made;
    for (; words > 0; --words) made += word() + std::vector<std::string>{" ", "  ", "\n", " "}[random.below(4)];
    return made;
  };
  std::size_t covers = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string survivor = text(random.below(24));
    // Half of the parts are cut out of the survivor, so that both verdicts are common.
    std::string removed = text(random.below(6));
    if (random.chance(0.5) && !survivor.empty()) {
      const auto begin = static_cast<std::size_t>(random.below(survivor.size()));
      removed = survivor.substr(begin, static_cast<std::size_t>(random.below(12)));
    }
    const verdict expected = slow_judge(removed, survivor);
    covers += expected == verdict::covers ? 1 : 0;
    CAPTURE(round, removed, survivor);
    REQUIRE(judge(removed, survivor) == expected);
  }
  CHECK(covers > 2000);
  CHECK(covers < 18'000);
}

TEST_CASE("contained finds a run behind a false start that shares words with it") {
  upkeep::rng random(4);
  std::size_t covers = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> part;
    for (auto n = 1 + random.below(12); n > 0; --n) part.emplace_back(random.chance(0.7) ? "a" : "b");
    std::vector<std::string> whole(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(random.below(part.size())));
    whole.insert(whole.end(), part.begin(), part.end());
    if (random.chance(0.3)) whole[static_cast<std::size_t>(random.below(whole.size()))] = "b";
    const auto lines = [](const std::vector<std::string>& words) {
      std::string text;
      for (const std::string& word : words) text += word + '\n';
      return text;
    };
    const verdict expected = slow_judge(lines(part), lines(whole));
    covers += expected == verdict::covers ? 1 : 0;
    CAPTURE(lines(part), lines(whole));
    REQUIRE(judge(lines(part), lines(whole)) == expected);
  }
  CHECK(covers > 14'000);
  CHECK(covers < 20'000);
}

// With a search that starts again at every word, these would take from minutes to days.
TEST_CASE("contained judges ten megabytes of one word") {
  const std::string text = repeated("a ", 5'000'000);
  CHECK(judge(repeated("a ", 2'500'000), text) == verdict::review);  // stands in it 2.5 million times, never as a whole line
}

TEST_CASE("contained judges texts that are made to be slow") {
  const std::string text = repeated("a ", 400'000);
  const std::string half = repeated("a ", 200'000);
  CHECK(judge(half + "b", text) == verdict::review);
  CHECK(judge(half, text + "\n" + half) == verdict::covers);
  CHECK(judge(text, text) == verdict::covers);
  CHECK(judge(half + "b", repeated(half + "c\n", 2)) == verdict::review);
  const std::string one_word(1'000'000, 'a');
  CHECK(judge(one_word, one_word) == verdict::covers);
  CHECK(judge(one_word, one_word + "a") == verdict::review);
  CHECK(judge(repeated("\n", 1'000'000), text) == verdict::review);
}

TEST_CASE("contained is linear in bytes where long words fail late") {
  // Thousands of words that differ from the text's in their last byte only.
  const std::string stem(1000, 'x');
  const std::string part = repeated(stem + "a ", 3000) + stem + "b";
  const std::string whole = repeated(repeated(stem + "a ", 2999) + stem + "c\n", 3);
  CHECK(judge(part, whole) == verdict::review);
  CHECK(judge(part, whole + part) == verdict::covers);
}

TEST_CASE("contained: what stands there to the byte is judged by the same boundaries") {
  using upkeep::v0::detail::stands_in_as_it_is;
  CHECK(stands_in_as_it_is("b c", "a.\n b c \nd"));
  CHECK(stands_in_as_it_is(" b c\n", "b c"));
  CHECK(stands_in_as_it_is("b.", "a. b. c"));
  CHECK_FALSE(stands_in_as_it_is("b", "a b\nc"));
  CHECK_FALSE(stands_in_as_it_is("b", "a\nb c"));
  CHECK_FALSE(stands_in_as_it_is("b", "a\nbc\ncb"));
  CHECK_FALSE(stands_in_as_it_is("b  c", "b c"));  // the words are the same: that is for stands_in to find
  CHECK_FALSE(stands_in_as_it_is(" \n", " \n"));
  CHECK_FALSE(stands_in_as_it_is("a", ""));
  std::string head;  // longer than what is looked for at once
  for (int i = 0; i < 100; ++i) head += std::to_string(i) + ' ';
  CHECK(stands_in_as_it_is(head + "y", head + "z\n" + head + "y"));
  CHECK_FALSE(stands_in_as_it_is(head + "y", head + "z"));
  CHECK_FALSE(stands_in_as_it_is(head + "y", head));
}

TEST_CASE("contained: tells why it hesitates") {
  const upkeep::contained guard;
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", "not 6")) ==
        "the text that would go does not stand in the other one as whole lines or sentences");
  CHECK(guard.doubt(upkeep_test::pair_of("", "not 6")) == "a text is missing");
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", " \t")) == "a text is missing");
}
