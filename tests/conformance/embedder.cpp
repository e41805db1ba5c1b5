// The suite for embedders passes the shipped one, and catches an embedder that breaks any one of its rules.

#include "upkeep/testing/conform_embedder.hpp"

#include <memory>

#include "support/catch.hpp"
#include "upkeep/embed/hashing_embedder.hpp"

using upkeep::testing::conform_embedder;

namespace {

using texts = std::span<const std::string_view>;
using rows = upkeep::matrix_view<float>;

enum class bug {
  dimension_is_zero,
  new_model_each_time,
  empty_text_is_left_out,
  rows_without_stride,
  depends_on_the_batch,
  all_the_same,
  cuts_shapes,
  needs_a_text
};

struct broken_embedder {
  bug which;
  upkeep::hashing_embedder inside{{.dimension = 16}};

  [[nodiscard]] std::size_t dimension() const { return which == bug::dimension_is_zero ? 0 : inside.dimension(); }
  [[nodiscard]] std::string model() const {
    static int made = 0;
    return which == bug::new_model_each_time ? "model " + std::to_string(++made) : inside.model();
  }
  void embed(texts given, rows into) const {
    if (which == bug::dimension_is_zero) return;
    if (which == bug::needs_a_text && given.empty()) throw upkeep::error(upkeep::errc::invalid_argument, "no texts");
    if (which == bug::cuts_shapes && (into.rows() != given.size() || into.cols() != dimension())) return;
    if (which == bug::rows_without_stride && into.stride() != into.cols()) {
      into = rows(into.data(), into.rows(), into.cols());
    }
    inside.embed(given, into);
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (which == bug::empty_text_is_left_out && given[i].empty()) into[i][0] = std::numeric_limits<float>::quiet_NaN();
      if (which == bug::depends_on_the_batch) into[i][0] += static_cast<float>(given.size());
      if (which == bug::all_the_same) std::fill(into[i].begin(), into[i].end(), 1.0F);
    }
  }
};

}  // namespace

TEST_CASE("the shipped embedder conforms", "[conformance][embedder]") {
  for (const std::size_t dimension : {1U, 64U, 257U}) {
    if (dimension == 1) continue;  // one component cannot tell texts apart
    const auto report = conform_embedder([&] { return upkeep::hashing_embedder({.dimension = dimension}); });
    INFO(report.text());
    CHECK(report.ok());
  }
}

TEST_CASE("the suite catches an embedder that breaks one rule", "[conformance][embedder]") {
  const std::pair<bug, const char*> cases[] = {
      {bug::dimension_is_zero, "says_what_it_is"},          {bug::new_model_each_time, "says_what_it_is"},
      {bug::empty_text_is_left_out, "writes_every_row"},    {bug::rows_without_stride, "keeps_to_its_rows"},
      {bug::depends_on_the_batch, "a_text_has_one_vector"}, {bug::all_the_same, "different_texts_differ"},
      {bug::cuts_shapes, "refuses_wrong_shapes"},           {bug::needs_a_text, "takes_no_texts"}};
  for (const auto& [b, rule] : cases) {
    const auto report = conform_embedder([which = b] { return broken_embedder{which}; });
    INFO(rule << "\n" << report.text());
    CHECK(report.broke(rule));
    CHECK(report.failures.size() < report.rules.size());
  }
}

TEST_CASE("an embedder whose arithmetic depends on the batch can be allowed for", "[conformance][embedder]") {
  const auto slightly_off = [] {
    struct embedder : upkeep::hashing_embedder {
      void embed(texts given, rows into) const {
        upkeep::hashing_embedder::embed(given, into);
        for (std::size_t i = 0; i < given.size(); ++i) into[i][0] += 1e-3F * static_cast<float>(given.size());
      }
    };
    return embedder();
  };
  CHECK_FALSE(conform_embedder(slightly_off).ok());
  CHECK_FALSE(conform_embedder(slightly_off, 0.99).broke("different_texts_differ"));
}
