#pragma once
// Puts an embedder through every promise of its role, in one line and without a test framework.

#include "../base/error.hpp"
#include "../concepts/embedder.hpp"
#include "conformance.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

template <class Make>
class embedder_suite {
 public:
  embedder_suite(Make& make, double least_cosine) : make_(make), least_cosine_(least_cosine), runner_("embedder") {}

  conformance_report run() {
    runner_.rule("says_what_it_is", [&] {
      auto&& first = make_();
      auto&& second = make_();
      require(first.dimension() != 0, "dimension() is 0");
      require(!std::string(first.model()).empty(), "model() is empty");
      require(std::string(first.model()) == std::string(second.model()) && first.dimension() == second.dimension(),
              "two embedders made alike have another model() or dimension()");
    });
    runner_.rule("writes_every_row", [&] {
      auto&& embedder = make_();
      const rows made = embed(embedder, texts_, 0);
      for (std::size_t i = 0; i < texts_.size(); ++i)
        for (const float x : made[i])
          require(std::isfinite(x), "row " + std::to_string(i) + " has a component that was not written or is not finite");
    });
    runner_.rule("keeps_to_its_rows", [&] {
      auto&& embedder = make_();
      embed(embedder, texts_, 3);  // checks the gaps between the rows
    });
    runner_.rule("a_text_has_one_vector", [&] {
      auto&& embedder = make_();
      const rows together = embed(embedder, texts_, 0);
      for (std::size_t i = 0; i < texts_.size(); ++i) {
        const rows alone = embed(embedder, {texts_[i]}, 0);
        require(near_enough(alone[0], together[i]), "text " + std::to_string(i) + " gets another vector alone than in a batch");
      }
      auto&& other = make_();
      const rows again = embed(other, {texts_.rbegin(), texts_.rend()}, 0);
      for (std::size_t i = 0; i < texts_.size(); ++i)
        require(near_enough(again[texts_.size() - 1 - i], together[i]),
                "text " + std::to_string(i) + " gets another vector from a second embedder");
    });
    runner_.rule("different_texts_differ", [&] {
      auto&& embedder = make_();
      const rows made = embed(embedder, texts_, 0);
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < i; ++j)
          require(made[i] != made[j], "the texts '" + texts_[i] + "' and '" + texts_[j] + "' get the same vector");
    });
    runner_.rule("refuses_wrong_shapes", [&] {
      auto&& embedder = make_();
      const std::size_t dimension = embedder.dimension();
      std::vector<float> room((dimension + 1) * 3, 0.0F);
      const std::vector<std::string_view> two{"a", "b"};
      const auto refused = [&](matrix_view<float> into, const char* what) {
        require(thrown_code([&] { embedder.embed(two, into); }, what) == errc::invalid_argument,
                std::string(what) + " is not refused as invalid_argument");
      };
      refused({room.data(), 1, dimension}, "one row for two texts");
      refused({room.data(), 3, dimension}, "three rows for two texts");
      refused({room.data(), 2, dimension + 1}, "rows of one component more");
      if (dimension > 1) refused({room.data(), 2, dimension - 1, dimension}, "rows of one component less");
    });
    runner_.rule("takes_no_texts", [&] {
      auto&& embedder = make_();
      embed(embedder, {}, 0);
    });
    return runner_.finish();
  }

 private:
  using rows = std::vector<std::vector<float>>;

  template <class Embedder>
  rows embed(Embedder& embedder, const std::vector<std::string>& texts, std::size_t gap) {
    constexpr float untouched = -12345.0F;
    const std::size_t dimension = embedder.dimension(), stride = dimension + gap;
    std::vector<float> room(texts.size() * stride + 1, untouched);
    for (std::size_t i = 0; i < texts.size(); ++i)
      for (std::size_t d = 0; d < dimension; ++d) room[i * stride + d] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    embedder.embed(views, matrix_view<float>(room.data(), texts.size(), dimension, stride));
    rows made;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const float* const row = room.data() + i * stride;
      made.emplace_back(row, row + dimension);
      for (std::size_t d = dimension; d < stride; ++d)
        require(row[d] == untouched, "the embedder wrote between row " + std::to_string(i) + " and the next");
    }
    require(room.back() == untouched, "the embedder wrote behind the last row");
    return made;
  }

  [[nodiscard]] bool near_enough(const std::vector<float>& a, const std::vector<float>& b) const {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += double{a[i]} * double{b[i]};
      aa += double{a[i]} * double{a[i]};
      bb += double{b[i]} * double{b[i]};
    }
    if (aa == 0 || bb == 0) return aa == bb;
    return ab / std::sqrt(aa * bb) >= least_cosine_;
  }

  Make& make_;
  double least_cosine_;
  rule_runner runner_;
  const std::vector<std::string> texts_{"The deadline is October 15th.",
                                        "A lumen that is larger than its neighbour's, seen from the side",
                                        "libfoo-dev: development files",
                                        "",
                                        " ",
                                        "a",
                                        std::string("NUL \0 inside", 12),
                                        "\xff\xfe\x80 no UTF-8",
                                        "\xE2\x82\xAC\xF0\x9F\x98\x80 \xC3\xA4",
                                        std::string(20'000, 'x') + " end"};
};

}  // namespace detail

/// Checks what the prose of concepts/embedder.hpp promises.
/// @param make          gives the embedder: `[] { return my_embedder(…); }`
/// @param least_cosine  how near two vectors of one text must be; less than 1 for models whose arithmetic depends on the batch
template <class Make>
conformance_report conform_embedder(Make make, double least_cosine = 1.0 - 1e-9) {
  return detail::embedder_suite<Make>(make, least_cosine).run();
}

}  // namespace upkeep::inline v0::testing
