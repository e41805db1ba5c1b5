// Wrong uses of the role similarity_metric: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 2 lacks const
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 3 returns something else
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 4 keeps it private
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 5 a set of overloads, none of which fits
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 8 a number
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 9 a lambda
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
// CASE: 10 lacks larger_is_closer
// EXPECT: upkeep: similarity_metric: write `static constexpr bool larger_is_closer = true;`
// CASE: 11 a radius that takes something else
// EXPECT: upkeep: radius_metric: write `double radius\(double threshold\) const`
// CASE: 12 a policy of a janitor
// EXPECT: upkeep: a similarity_metric is no policy of its own here: give it to the duplicate_finder, as in exhaustive_join<your_metric>
#include "wrong_uses.hpp"

using wrong_uses::useless;

struct right {
  double score(std::span<const float>, std::span<const float>) const { return double(); }
  static constexpr bool larger_is_closer = true;
};

#if CASE == 0
using mine = right;
#elif CASE == 1
struct mine {
  double score(useless, useless) const { return double(); }
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 2
struct mine {
  double score(std::span<const float>, std::span<const float>) { return double(); }
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 3
struct mine {
  useless score(std::span<const float>, std::span<const float>) const { return {}; }
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 4
struct mine {
 private:
  double score(std::span<const float>, std::span<const float>) const { return double(); }

 public:
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 5
struct mine {
  double score(useless) const { return double(); }
  double score(useless, int) const { return double(); }
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 6
struct mine {
  template <class T>
  double score(T, std::span<const float>) const {
    return double();
  }
  template <class T>
  double score(std::span<const float>, T) const {
    return double();
  }
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 7
struct mine final {
  static constexpr bool larger_is_closer = true;
};
#elif CASE == 8
using mine = int;
#elif CASE == 9
const auto lambda = [](int) { return 0; };
using mine = std::remove_const_t<decltype(lambda)>;
#elif CASE == 10
struct mine {
  double score(std::span<const float>, std::span<const float>) const { return double(); }
};
#elif CASE == 11
struct mine : right {
  double radius(useless) const { return 0; }
};
#endif

void use() {
#if CASE == 12
  wrong_uses::compose(right());
#else
  const upkeep::exhaustive_join<mine> finder;
  upkeep::progress progress;
  static_cast<void>(finder.find_pairs({}, {}, [](const upkeep::scored_pair&) {}, progress));
  wrong_uses::compose(finder);
#endif
}
