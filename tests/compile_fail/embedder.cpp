// Wrong uses of the role embedder: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 2 takes one argument less
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 3 returns something else
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 5 a set of overloads, none of which fits
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 8 a number
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 9 a lambda
// EXPECT: upkeep: embedder: write `void embed\(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows\)`
// CASE: 10 lacks dimension
// EXPECT: upkeep: embedder: write `std::size_t dimension\(\) const`
// CASE: 11 a dimension that lacks const
// EXPECT: upkeep: embedder: write `std::size_t dimension\(\) const`
// CASE: 12 lacks model
// EXPECT: upkeep: embedder: write `std::string model\(\) const`
// CASE: 13 a model that lacks const
// EXPECT: upkeep: embedder: write `std::string model\(\) const`
// CASE: 14 a policy of a janitor
// EXPECT: upkeep: an embedder is no policy here: embed before the rows go into the store
#include "wrong_uses.hpp"

using wrong_uses::useless;

struct right {
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};

#if CASE == 0
using mine = right;
#elif CASE == 1
struct mine {
  void embed(useless, useless) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 2
struct mine {
  void embed(std::span<const std::string_view>) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 3
struct mine {
  useless embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return {}; }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 4
struct mine {
 private:
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }

 public:
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 5
struct mine {
  void embed(useless) { return void(); }
  void embed(useless, int) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 6
struct mine {
  template <class T>
  void embed(T, upkeep::matrix_view<float>) {
    return void();
  }
  template <class T>
  void embed(std::span<const std::string_view>, T) {
    return void();
  }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 7
struct mine final {
  std::size_t dimension() const { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 8
using mine = int;
#elif CASE == 9
const auto lambda = [](int) { return 0; };
using mine = std::remove_const_t<decltype(lambda)>;
#elif CASE == 10
struct mine {
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 11
struct mine {
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }
  std::size_t dimension() { return std::size_t(); }
  std::string model() const { return std::string(); }
};
#elif CASE == 12
struct mine {
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
};
#elif CASE == 13
struct mine {
  void embed(std::span<const std::string_view>, upkeep::matrix_view<float>) { return void(); }
  std::size_t dimension() const { return std::size_t(); }
  std::string model() { return std::string(); }
};
#endif

void use() {
#if CASE == 14
  wrong_uses::compose(right());
#else
  static_cast<void>(sizeof(upkeep::check::embedder<mine>));
#endif
}
