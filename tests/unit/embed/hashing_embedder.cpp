#include "upkeep/embed/hashing_embedder.hpp"

#include "support/catch.hpp"
#include "upkeep/base/checksum.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::string_view_literals;
using upkeep::hashing_embedder;
using upkeep::hashing_options;

namespace {

std::vector<float> embedded(std::string_view text, hashing_options options = {}) {
  const hashing_embedder embedder(options);
  std::vector<float> row(options.dimension);
  embedder.embed({&text, 1}, upkeep::matrix_view<float>(row, options.dimension));
  return row;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

bool is_zero(const std::vector<float>& row) {
  for (const float x : row)
    if (x != 0.0F) return false;
  return true;
}

/// The cosine of the unhashed counts, from the definition: roots of how often each n-gram of an ASCII text occurs.
double unhashed_cosine(const std::string& a, const std::string& b) {
  const auto weights = [](const std::string& text) {
    std::string padded = " " + text + " ";
    std::map<std::string, double> counts;
    for (std::size_t n = 3; n <= 5; ++n)
      for (std::size_t i = 0; i + n <= padded.size(); ++i) counts[padded.substr(i, n)] += 1;
    double squares = 0;
    for (const auto& [gram, count] : counts) squares += count;
    for (auto& [gram, count] : counts) count = std::sqrt(count) / std::sqrt(squares);
    return counts;
  };
  const auto x = weights(a);
  const auto y = weights(b);
  double sum = 0;
  for (const auto& [gram, weight] : x)
    if (const auto found = y.find(gram); found != y.end()) sum += weight * found->second;
  return sum;
}

std::string random_text(upkeep::rng& random, std::size_t words) {
  std::string text;
  for (; words > 0; --words) {
    if (!text.empty()) text += ' ';
    for (auto n = 1 + random.below(9); n > 0; --n) text += static_cast<char>('a' + random.below(6));
  }
  return text;
}

const std::string_view paragraph =
    "The package offers an extensive tutorial about the language. It can be used as a textbook for courses, and it is intended for "
    "knowledgeable users of the language or any other language with a similar grammar who would like to know more about, or make the "
    "transition to, the standard library. It does not cover all aspects of the language, though: the basic grammar is not covered.";

}  // namespace

TEST_CASE("hashing_embedder: rows have norm 1") {
  for (const std::size_t dimension : {1U, 2U, 3U, 64U, 256U, 1000U}) {
    for (const std::string_view text : {"a"sv, "ab"sv, "hello world"sv, paragraph}) {
      const auto row = embedded(text, {.dimension = dimension});
      CHECK(dot(row, row) == Approx(1.0).margin(1e-6));
    }
  }
}

TEST_CASE("hashing_embedder: a text without words gives a row of zeros, every other text does not") {
  for (const std::string_view text : {std::string_view(), ""sv, " \n\t\r\v\f"sv}) CHECK(is_zero(embedded(text)));
  for (const std::string_view text : {"."sv, "a"sv, "\0"sv, "\xff"sv, "\x80\x80"sv, "世"sv}) {
    CHECK_FALSE(is_zero(embedded(text)));
    CHECK_FALSE(is_zero(embedded(text, {.dimension = 1, .shortest = 8, .longest = 9})));
  }
}

TEST_CASE("hashing_embedder: in one dimension n-grams cancel out, and still every text has a direction") {
  upkeep::rng random(3);
  for (int i = 0; i < 500; ++i) CHECK_FALSE(is_zero(embedded(random_text(random, 1), {.dimension = 1})));
}

TEST_CASE("hashing_embedder: case (ASCII) and the amount of white space do not matter, words and their order do") {
  CHECK(embedded("Hello  World") == embedded("\thello\r\nworld "));
  CHECK(embedded("hello world") != embedded("helloworld"));
  CHECK(embedded("hello world") != embedded("world hello"));
  CHECK(embedded("Ä") != embedded("ä"));
}

TEST_CASE("hashing_embedder: nearly the same text is near, another text is far") {
  const auto row = embedded(paragraph);
  std::string changed(paragraph);
  changed[100] = '#';
  CHECK(dot(row, embedded(changed)) >= 0.98);
  CHECK(dot(row, embedded(std::string(paragraph) + "!")) >= 0.98);
  CHECK(dot(row, embedded("a game in which tiles slide and merge until the board is full")) < 0.6);
  upkeep::rng random(11);
  double worst = 1.0;
  for (int i = 0; i < 200; ++i) {
    const std::string text = random_text(random, 80);
    std::string other = text;
    other[static_cast<std::size_t>(random.below(other.size()))] = 'z';
    worst = std::min(worst, dot(embedded(text), embedded(other)));
  }
  CHECK(worst >= 0.95);
}

TEST_CASE("hashing_embedder: inner products estimate those of the unhashed counts without bias") {
  upkeep::rng random(17);
  constexpr int seeds = 200;
  for (int pair = 0; pair < 10; ++pair) {
    const std::string a = random_text(random, 12);
    const std::string b = a.substr(0, a.size() / 2) + " " + random_text(random, 6);
    const double exact = unhashed_cosine(a, b);
    double sum = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      const hashing_options options{.dimension = 256, .seed = static_cast<std::uint64_t>(seed)};
      sum += dot(embedded(a, options), embedded(b, options));
    }
    // One estimate strays by about 1/sqrt(256); the mean of 200 by a fourteenth of that, and five times that is asked for.
    CHECK(sum / seeds == Approx(exact).margin(0.025));
  }
}

TEST_CASE("hashing_embedder: in very many dimensions the inner product is that of the unhashed counts") {
  upkeep::rng random(23);
  for (int pair = 0; pair < 20; ++pair) {
    const std::string a = random_text(random, 8);
    const std::string b = a.substr(0, a.size() / 2) + " " + random_text(random, 4);
    const hashing_options options{.dimension = 1U << 20U};
    CHECK(dot(embedded(a, options), embedded(b, options)) == Approx(unhashed_cosine(a, b)).margin(0.02));
  }
}

TEST_CASE("hashing_embedder: the seed decides which components are used") {
  const auto a = embedded(paragraph, {.seed = 1});
  CHECK(a == embedded(paragraph, {.seed = 1}));
  CHECK(std::fabs(dot(a, embedded(paragraph, {.seed = 2}))) < 0.4);
}

TEST_CASE("hashing_embedder: a row depends on its own text alone") {
  const std::vector<std::string_view> texts{"one", "", paragraph, "two two two", "one"};
  const hashing_embedder embedder;
  std::vector<float> rows(texts.size() * 300, -7.0F);
  const upkeep::matrix_view<float> padded(rows.data(), texts.size(), 256, 300);
  embedder.embed(texts, padded);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = embedded(texts[i]);
    CHECK(std::vector<float>(padded[i].begin(), padded[i].end()) == alone);
    for (std::size_t k = 256; k < 300; ++k) REQUIRE(rows[i * 300 + k] == -7.0F);  // the padding is not touched
  }
}

TEST_CASE("hashing_embedder makes the same bits everywhere") {
  // Computed once; a change here is a change of every stored vector: raise the number in model().
  const auto digest = [](std::string_view text, hashing_options options) {
    const auto row = embedded(text, options);
    upkeep::checksum_stream stream;
    for (const float x : row) stream.update_value(std::bit_cast<std::uint32_t>(x));
    return upkeep::hex16(stream.digest());
  };
  CHECK(digest(paragraph, {}) == "227469f4545ce58f");
  CHECK(digest("Grüße, 世界 \xff", {.dimension = 17, .shortest = 1, .longest = 2, .seed = 42}) == "9c73a1141c61a691");
  std::string long_text;
  upkeep::rng random(1);
  for (int i = 0; i < 3000; ++i) long_text += random_text(random, 10) + "\n";
  CHECK(digest(long_text, {}) == "32e9f3cb0e5907af");
}

TEST_CASE("hashing_embedder says which model it is") {
  CHECK(hashing_embedder().model() == "hashing_embedder/1 n=3-5 seed=0 d=256");
  CHECK(hashing_embedder({.dimension = 7, .shortest = 1, .longest = 16, .seed = 9}).model() == "hashing_embedder/1 n=1-16 seed=9 d=7");
  CHECK(hashing_embedder({.dimension = 7}).dimension() == 7);
}

TEST_CASE("hashing_embedder refuses what cannot be") {
  const hashing_options refused[] = {
      {.dimension = 0}, {.dimension = std::size_t{1} << 33U}, {.shortest = 0}, {.shortest = 6}, {.longest = 17}};
  for (const hashing_options& options : refused) {
    try {
      const hashing_embedder embedder(options);
      FAIL("nothing was thrown");
    } catch (const upkeep::error& e) {
      CHECK(e.code() == upkeep::errc::invalid_argument);
    }
  }
  const hashing_embedder embedder({.dimension = 4});
  const std::vector<std::string_view> texts{"a", "b"};
  std::vector<float> rows(12, -7.0F);
  CHECK_THROWS_AS(embedder.embed(texts, upkeep::matrix_view<float>(rows.data(), 2, 3)), upkeep::error);
  CHECK_THROWS_AS(embedder.embed(texts, upkeep::matrix_view<float>(rows.data(), 3, 4)), upkeep::error);
  CHECK(rows == std::vector<float>(12, -7.0F));
  CHECK_NOTHROW(embedder.embed({}, upkeep::matrix_view<float>()));
}

TEST_CASE("hashing_embedder takes megabytes of anything") {
  upkeep::rng random(1);
  std::string noise(1'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  std::string words;
  for (int i = 0; i < 1'000'000; ++i) words += "a ";
  for (const std::string& text :
       {noise, words, std::string(1'000'000, 'a'), std::string(1'000'000, '\x80'), std::string(1'000'000, '\0')}) {
    const auto row = embedded(text);
    CHECK(dot(row, row) == Approx(1.0).margin(1e-6));
  }
}

TEST_CASE("hashing_embedder: several threads share one") {
  const hashing_embedder embedder;
  const auto expected = embedded(paragraph);
  std::vector<std::vector<float>> rows(4, std::vector<float>(256));
  std::vector<std::thread> threads;
  for (auto& row : rows) {
    threads.emplace_back([&embedder, &row] {
      for (int i = 0; i < 50; ++i) embedder.embed({&paragraph, 1}, upkeep::matrix_view<float>(row, 256));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& row : rows) CHECK(row == expected);
}
