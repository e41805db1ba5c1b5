#pragma once
// Uninitialised room on a cache line's boundary, for the kernels' arrays.

#include "../config.hpp"

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

// Not initialised, because every user fills it from all threads; aligned, because a load that straddles two lines costs double.
template <class T>
class aligned_buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  aligned_buffer() = default;
  explicit aligned_buffer(std::size_t count) { reserve(count); }
  aligned_buffer(aligned_buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  aligned_buffer& operator=(aligned_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~aligned_buffer() { release(); }

  // Room for `count` elements; what was there is lost where it has to grow.
  void reserve(std::size_t count) {
    if (count <= capacity_) return;
    release();
    data_ = static_cast<T*>(::operator new(count * sizeof(T), alignment));
    capacity_ = count;
  }

  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  static constexpr std::align_val_t alignment{64};
  void release() noexcept {
    if (data_ != nullptr) ::operator delete(data_, alignment);
    data_ = nullptr;
    capacity_ = 0;
  }
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
