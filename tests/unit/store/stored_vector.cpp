// Reading vectors out of stored values, and telling encodings apart.

#include "upkeep/store/stored_vector.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

using upkeep::set_aside;
using upkeep::vector_encoding;
using upkeep::v0::detail::append_json_vector;
using upkeep::v0::detail::encoding_evidence;
using upkeep::v0::detail::read_json_vector;
using upkeep::v0::detail::vector_shape;

namespace {

template <class Number>
std::vector<std::byte> bytes_of(const std::vector<Number>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(Number));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

bool reads(const std::string& text, const std::vector<float>& expected) {
  std::vector<float> out{42};
  return read_json_vector(text, out) && out == expected;
}
bool refuses(const std::string& text) {
  std::vector<float> out;
  return !read_json_vector(text, out);
}

}  // namespace

TEST_CASE("a JSON array of numbers is a vector", "[stored_vector]") {
  CHECK(reads("[1,2,3]", {1, 2, 3}));
  CHECK(reads(" \t\r\n[ -1.5e2 ,\n0.25 , 3E-1 ] \n", {-150, 0.25F, 0.3F}));
  CHECK(reads("[-0]", {-0.0F}));
  CHECK(reads("[1e400, -1e400]", {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}));
  CHECK(reads("[1e39]", {std::numeric_limits<float>::infinity()}));
  CHECK(reads("[1e-400, -1e-400, 0.000001e-399]", {0, 0, 0}));
}

TEST_CASE("anything else is no vector", "[stored_vector]") {
  for (const char* text : {"",      " ",      "[",       "]",           "[]",       "[ ]",       "[1",     "[1,",   "[1,]",   "[,1]",
                           "[1 2]", "[1,2]]", "[1] x",   "[[1]]",       "[1,null]", "[NaN]",     "[nan]",  "[inf]", "[-inf]", "[-]",
                           "[+1]",  "[.5]",   "[\"1\"]", "{\"v\":[1]}", "1,2,3",    "[1,2,abc]", "[0x10]", "[1;2]"}) {
    INFO(text);
    CHECK(refuses(text));
  }
  CHECK(refuses(std::string("[1\0,2]", 7)));
}

TEST_CASE("what is written as JSON reads back as the same floats", "[stored_vector]") {
  upkeep::rng random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> vector(1 + static_cast<std::size_t>(random.below(20)));
    for (float& x : vector) {
      do x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      while (!std::isfinite(x));
    }
    std::string text;
    append_json_vector(text, vector);
    REQUIRE(reads(text, vector));
  }
  std::string text;
  CHECK_THROWS_AS(append_json_vector(text, std::vector<float>{std::nanf("")}), upkeep::error);
}

TEST_CASE("a blob is read by the size that the shape allows", "[stored_vector]") {
  const vector_shape both{.dimension = 3, .float32 = true, .float64 = true};
  const vector_shape only32{.dimension = 3, .float32 = true, .float64 = false};
  std::vector<float> out;
  CHECK(both.read_blob(bytes_of<float>({1, 2, 3}), out) == set_aside::no);
  CHECK(out == std::vector<float>{1, 2, 3});
  CHECK(both.read_blob(bytes_of<double>({0.1, -2, 1e300}), out) == set_aside::no);
  CHECK(out == std::vector<float>{0.1F, -2, std::numeric_limits<float>::infinity()});
  CHECK(only32.read_blob(bytes_of<double>({1, 2, 3}), out) == set_aside::wrong_width);
  CHECK(out.empty());
  CHECK(only32.read_blob(bytes_of<float>({1, 2}), out) == set_aside::wrong_width);
  CHECK(only32.read_blob(std::vector<std::byte>(11), out) == set_aside::unreadable);
  CHECK(only32.read_blob({}, out) == set_aside::unreadable);
  CHECK(only32.read_text("[1,2,3]", out) == set_aside::no);
  CHECK(only32.read_text("[1,2]", out) == set_aside::wrong_width);
  CHECK(only32.read_text("none", out) == set_aside::unreadable);
}

TEST_CASE("float32 and float64 blobs are told apart", "[stored_vector]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    upkeep::rng random(seed);
    const std::size_t width = 2 + 2 * static_cast<std::size_t>(random.below(400));
    const double scale = std::pow(10.0, static_cast<double>(random.between(-6, 3)));
    encoding_evidence singles, doubles, widened;
    for (int row = 0; row < 64; ++row) {
      std::vector<float> vector(width);
      std::vector<double> exact(width), of_float(width);
      for (std::size_t i = 0; i < width; ++i) {
        exact[i] = random.normal() * scale;
        vector[i] = static_cast<float>(exact[i]);
        of_float[i] = static_cast<double>(vector[i]);
      }
      singles.add(bytes_of(vector));
      doubles.add(bytes_of(exact));
      widened.add(bytes_of(of_float));
    }
    INFO("seed " << seed << ", width " << width << ", scale " << scale);
    CHECK(singles.verdict() == vector_encoding::float32);
    CHECK(doubles.verdict() == vector_encoding::float64);
    CHECK(widened.verdict() == vector_encoding::float64);
  }
}

TEST_CASE("where the bytes do not tell, nothing is guessed", "[stored_vector]") {
  encoding_evidence halves;
  for (int row = 0; row < 64; ++row) halves.add(bytes_of<double>({0.5, 1.0, -0.25, 2.0}));
  CHECK(halves.verdict() == vector_encoding::automatic);
  encoding_evidence zeros;
  zeros.add(bytes_of<double>({0, 0}));
  CHECK(zeros.verdict() == vector_encoding::float32);
  encoding_evidence sparse;  // one-hot float32 rows
  for (std::size_t row = 0; row < 8; ++row) {
    std::vector<float> vector(8);
    vector[row] = 1;
    sparse.add(bytes_of(vector));
  }
  CHECK(sparse.verdict() == vector_encoding::float32);
}
