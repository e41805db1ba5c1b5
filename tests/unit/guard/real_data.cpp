// What the guards say of every pair above .98 of three real collections: counts that were measured on the data beforehand, with other code.
// Under a sanitizer the first rows have to do: they are judged alike, but no counts are known of them.

#include "judging.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"
#include "upkeep/base/json.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/guard/digits_and_negation.hpp"
#include "upkeep/guard/same_words.hpp"
#include "upkeep/join/near_duplicates.hpp"

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using upkeep::verdict;

namespace {

struct counts {
  bool whole = true;  // every row of the collection was judged
  std::size_t pairs = 0;
  std::size_t same_words = 0;
  std::size_t contained = 0;  // one in the other, in either direction, but not the same words
  std::size_t no_text = 0;    // on one side at least
  std::size_t otherwise = 0;
  std::size_t other_digits = 0;          // of `otherwise`: the digits of both texts, one after another, differ
  std::size_t other_digits_covered = 0;  // of these: let through by digits_and_negation
};

std::string digits_of(const std::string& text) {
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

std::vector<std::string> read_texts(const std::filesystem::path& path) {
  std::vector<std::string> texts;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const upkeep::json_value row = upkeep::parse_json(line, "a line of the data");
    const auto* const text = row.as_object().if_contains("text");
    texts.emplace_back(text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string());
  }
  return texts;
}

std::optional<counts> judge_all(const std::string& vectors_name, const std::string& texts_name) {
  const auto vectors_path = upkeep_test::data_file(vectors_name);
  const auto texts_path = upkeep_test::data_file(texts_name);
  if (!vectors_path || !texts_path) return std::nullopt;
  const upkeep_test::vectors vectors = upkeep_test::read_fvecs(*vectors_path);
  const std::vector<std::string> texts = read_texts(*texts_path);
  REQUIRE(texts.size() == vectors.rows);
  counts result;
  const std::size_t judged = upkeep_test::slow_build ? 2'000 : vectors.rows;
  result.whole = judged == vectors.rows;
  const upkeep::matrix_view<const float> rows(vectors.values.data(), judged, vectors.dimension);
  for (const upkeep::scored_pair& pair : upkeep::near_duplicates(rows, {.threshold = 0.98})) {
    const std::string& a = texts[pair.first];
    const std::string& b = texts[pair.second];
    const auto either_covers = [&](const auto& guard) {
      return upkeep_test::judge(guard, a, b) == verdict::covers || upkeep_test::judge(guard, b, a) == verdict::covers;
    };
    ++result.pairs;
    if (!upkeep::has_words(a) || !upkeep::has_words(b)) {
      ++result.no_text;
      REQUIRE_FALSE(either_covers(upkeep::same_words{}));
      REQUIRE_FALSE(either_covers(upkeep::contained{}));
      REQUIRE_FALSE(either_covers(upkeep::digits_and_negation{}));
    } else if (either_covers(upkeep::same_words{})) {
      ++result.same_words;
      REQUIRE(upkeep_test::judge(upkeep::contained{}, a, b) == verdict::covers);
      REQUIRE(upkeep_test::judge(upkeep::contained{}, b, a) == verdict::covers);
      REQUIRE(either_covers(upkeep::digits_and_negation{}));
    } else if (either_covers(upkeep::contained{})) {
      ++result.contained;
    } else {
      ++result.otherwise;
      if (digits_of(a) == digits_of(b)) continue;
      ++result.other_digits;
      if (either_covers(upkeep::digits_and_negation{})) ++result.other_digits_covered;
    }
  }
  CHECK(result.pairs > 0);
  CHECK(result.other_digits_covered == 0);
  return result;
}

}  // namespace

TEST_CASE("guards on the pairs of 28,053 notes") {
  const auto found = judge_all("notes_bge-micro-v2_384.fvecs", "notes.jsonl");
  if (!found || !found->whole) return;
  CHECK(found->pairs == 15'794);
  CHECK(found->same_words == 190);
  CHECK(found->contained == 10'996);
  CHECK(found->no_text == 3'972);
  CHECK(found->otherwise == 636);
}

TEST_CASE("guards on the pairs of 3,684 pieces of bulletins full of figures") {
  const auto found = judge_all("treasury_text-embedding-3-large_1536.fvecs", "treasury.jsonl");
  if (!found || !found->whole) return;
  CHECK(found->pairs == 1'352);
  CHECK(found->same_words == 36);
  CHECK(found->contained == 1);
  CHECK(found->otherwise + found->no_text == 1'315);
  CHECK(found->other_digits == 1'292);  // rows of figures
}

TEST_CASE("guards on the pairs of 12,645 package descriptions") {
  const auto found = judge_all("packages_all-MiniLM-L6-v2_384.fvecs", "packages.jsonl");
  if (!found || !found->whole) return;
  CHECK(found->pairs == 1'309);
  CHECK(found->same_words == 888);
  CHECK(found->contained == 7);
  CHECK(found->otherwise == 414);
  CHECK(found->no_text == 0);
}
