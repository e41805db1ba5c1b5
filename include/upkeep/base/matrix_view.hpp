#pragma once
// A borrowed, row-major, strided view of rows of equal width: how vectors travel through upkeep without being copied.

#include "error.hpp"

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

namespace upkeep::inline v0 {

template <class Element>
class matrix_view;

namespace detail {

template <class T>
inline constexpr bool is_matrix_view = false;
template <class Element>
inline constexpr bool is_matrix_view<matrix_view<Element>> = true;

// Any type that describes a dense matrix with the four members that most libraries have in common.
template <class Matrix, class Element>
concept describes_rows = !is_matrix_view<std::remove_cv_t<Matrix>> && requires(Matrix & m) {
  { m.data() } -> std::convertible_to<Element*>;
  { m.rows() } -> std::convertible_to<std::size_t>;
  { m.cols() } -> std::convertible_to<std::size_t>;
};

}  // namespace detail

/// `rows()` x `cols()` elements of a buffer that somebody else owns; consecutive rows start `stride()` elements apart.
/// Const-correct: `matrix_view<const float>` reads, `matrix_view<float>` also writes and converts to the reading one.
/// Trivially copyable: pass it by value. Valid while the buffer is.
/// @par Thread safety  A view is a value; concurrent reads of the buffer are safe.
template <class Element>
class matrix_view {
 public:
  using element_type = Element;

  constexpr matrix_view() = default;

  /// `rows` rows of `cols` elements, `stride` elements apart.
  /// @throws error invalid_argument where stride < cols, the pointer is null although there are elements, or the extent overflows.
  constexpr matrix_view(Element* data, std::size_t rows, std::size_t cols, std::size_t stride)
      : data_(data), rows_(rows), cols_(cols), stride_(stride) {
    if (stride < cols)
      throw error(errc::invalid_argument, "matrix_view: stride " + std::to_string(stride) + " is smaller than the " + std::to_string(cols) +
                                              " columns: give the distance between rows in elements");
    if (rows != 0 && cols != 0 && data == nullptr)
      throw error(errc::invalid_argument, "matrix_view: the data pointer is null although " + std::to_string(rows) + " x " +
                                              std::to_string(cols) + " elements were announced");
    if (rows != 0 && stride > std::numeric_limits<std::size_t>::max() / sizeof(Element) / rows)
      throw error(errc::invalid_argument,
                  "matrix_view: rows x stride overflows: check the order of the arguments (data, rows, cols, stride)");
  }

  /// Rows without padding.
  constexpr matrix_view(Element* data, std::size_t rows, std::size_t cols) : matrix_view(data, rows, cols, cols) {}

  /// A contiguous buffer cut into rows of `cols` elements.
  /// @throws error invalid_argument where the buffer's size is no multiple of `cols`.
  template <class Other>
    requires std::convertible_to<Other (*)[], Element (*)[]>
  constexpr matrix_view(std::span<Other> elements, std::size_t cols) : matrix_view(elements.data(), rows_of(elements.size(), cols), cols) {}

  /// The same from a `std::vector`, `std::array` or other contiguous range that outlives the view.
  template <class Range>
    requires(!std::is_same_v<std::remove_cvref_t<Range>, matrix_view>)
  &&std::is_lvalue_reference_v<Range&&>&& requires(Range& r) { std::span(r); }
  &&std::constructible_from<std::span<Element>, Range&> constexpr matrix_view(Range&& elements, std::size_t cols)
      : matrix_view(std::span<Element>(elements), cols) {}

  /// From any type with `data()`, `rows()`, `cols()` and, where rows are padded, `stride()` or `outerStride()`; it must be row-major.
  template <class Matrix>
    requires detail::describes_rows<Matrix, Element>
  constexpr matrix_view(Matrix& matrix)  // NOLINT(google-explicit-constructor): a view of the caller's own matrix is no surprise
      : matrix_view(matrix.data(), static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols()), stride_of(matrix)) {}

  /// A writing view reads as well.
  constexpr operator matrix_view<const Element>() const noexcept  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<Element>) {
    return matrix_view<const Element>(data_, rows_, cols_, stride_);
  }

  [[nodiscard]] constexpr Element* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] constexpr std::size_t cols() const noexcept { return cols_; }
  [[nodiscard]] constexpr std::size_t stride() const noexcept { return stride_; }  ///< elements from one row's start to the next
  [[nodiscard]] constexpr bool empty() const noexcept { return rows_ == 0 || cols_ == 0; }

  /// Row `i` < rows(), `cols()` elements.
  [[nodiscard]] constexpr std::span<Element> operator[](std::size_t i) const noexcept {
    UPKEEP_ASSERT(i < rows_);
    return {data_ + i * stride_, cols_};
  }

  /// Rows `first` .. `first + count`.
  /// @throws error invalid_argument where they are not all there.
  [[nodiscard]] constexpr matrix_view rows_from(std::size_t first, std::size_t count) const {
    if (first > rows_ || count > rows_ - first)
      throw error(errc::invalid_argument, "matrix_view: rows " + std::to_string(first) + " to " + std::to_string(first + count) +
                                              " were asked of " + std::to_string(rows_));
    return count == 0 ? matrix_view() : matrix_view(data_ + first * stride_, count, cols_, stride_);
  }

 private:
  static constexpr std::size_t rows_of(std::size_t elements, std::size_t cols) {
    if (cols == 0 ? elements != 0 : elements % cols != 0)
      throw error(errc::invalid_argument,
                  "matrix_view: " + std::to_string(elements) + " elements cannot be cut into rows of " + std::to_string(cols));
    return cols == 0 ? 0 : elements / cols;
  }

  template <class Matrix>
  static constexpr std::size_t stride_of(Matrix& m) {
    if constexpr (requires { m.IsRowMajor; })
      static_assert(std::remove_cvref_t<Matrix>::IsRowMajor, "upkeep: matrix_view: the matrix must be row-major");
    if constexpr (requires {
                    { m.stride() } -> std::convertible_to<std::size_t>;
                  })
      return static_cast<std::size_t>(m.stride());
    else if constexpr (requires {
                         { m.outerStride() } -> std::convertible_to<std::size_t>;
                       })
      return static_cast<std::size_t>(m.outerStride());
    else
      return static_cast<std::size_t>(m.cols());
  }

  Element* data_ = nullptr;
  std::size_t rows_ = 0, cols_ = 0, stride_ = 0;
};

}  // namespace upkeep::inline v0
