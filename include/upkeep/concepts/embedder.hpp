#pragma once
// Role `embedder` (verb `embed`): texts to vectors, and which model made them.

#include "../base/matrix_view.hpp"
#include "role.hpp"

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

// An embedder turns a batch of texts into rows.
//
//   void embed(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows)
//     writes texts.size() rows of dimension() components; throws upkeep::error invalid_argument where the shapes do not fit.
//   std::size_t dimension() const    components of a row
//   std::string model() const        name, version and dimension: equal strings mean comparable vectors

template <class T>
concept has_embed = requires(T& t, std::span<const std::string_view> texts, matrix_view<float> rows) {
  { t.embed(texts, rows) } -> std::same_as<void>;
};
template <class T>
concept has_embedding_dimension = requires(const T& t) {
  { t.dimension() } -> std::convertible_to<std::size_t>;
};
template <class T>
concept has_model = requires(const T& t) {
  { t.model() } -> std::convertible_to<std::string>;
};

/// Turns texts into vectors and says which model did.
template <class T>
concept embedder = has_embed<T> && has_embedding_dimension<T> && has_model<T>;

namespace check {

template <class T>
struct embedder {
  static constexpr bool a = has_embed<T>, b = a && has_embedding_dimension<T>, fits = b && has_model<T>;
  static_assert(a, "upkeep: embedder: write `void embed(std::span<const std::string_view> texts, upkeep::matrix_view<float> rows)`");
  static_assert(!a || b, "upkeep: embedder: write `std::size_t dimension() const`");
  static_assert(!b || fits, "upkeep: embedder: write `std::string model() const`");
};

}  // namespace check
}  // namespace upkeep::inline v0
