#include "upkeep/guard/same_words.hpp"

#include "judging.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace std::string_view_literals;
using upkeep::verdict;

namespace {

verdict judge(std::string_view removed, std::string_view survivor) { return upkeep_test::judge(upkeep::same_words{}, removed, survivor); }

}  // namespace

TEST_CASE("same_words: equal words in equal order cover, whatever is between them") {
  CHECK(judge("one two", "one two") == verdict::covers);
  CHECK(judge("one two", "\none\t \r\n two ") == verdict::covers);
  CHECK(judge("a\0b \xff"sv, "a\0b\n\xff"sv) == verdict::covers);
}

TEST_CASE("same_words: everything else goes to review, in both directions") {
  const std::pair<std::string_view, std::string_view> different[] = {{"one two", "one"}, {"one two", "two one"}, {"one", "One"},
                                                                     {"one", "one."},    {"one two", "onetwo"},  {"a\0b"sv, "a\0c"sv},
                                                                     {"a"sv, "a\0"sv}};
  for (const auto& [a, b] : different) {
    CAPTURE(a, b);
    CHECK(judge(a, b) == verdict::review);
    CHECK(judge(b, a) == verdict::review);
  }
}

TEST_CASE("same_words: a missing text goes to review on either side") {
  for (const std::string_view missing : {std::string_view(), ""sv, " \n\t"sv}) {
    CHECK(judge(missing, "one") == verdict::review);
    CHECK(judge("one", missing) == verdict::review);
    CHECK(judge(missing, missing) == verdict::review);
  }
}

TEST_CASE("same_words: long texts that differ at the end") {
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += "a ";
  CHECK(judge(text, text) == verdict::covers);
  CHECK(judge(text + "b", text + "c") == verdict::review);
  CHECK(judge(text, text + "a") == verdict::review);
}

TEST_CASE("same_words: tells why it hesitates") {
  const upkeep::same_words guard;
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", "not 6")) == "the words differ");
  CHECK(guard.doubt(upkeep_test::pair_of("", "not 6")) == "a text is missing");
  CHECK(guard.doubt(upkeep_test::pair_of("not 5", " \t")) == "a text is missing");
}
