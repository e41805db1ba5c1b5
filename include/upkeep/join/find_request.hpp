#pragma once
// What every finder checks before it begins, and which rows its metric cannot judge.

#include "../base/error.hpp"
#include "../base/matrix_view.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../kernels/instructions.hpp"
#include "../simd/run_time_kernels.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// @throws error invalid_argument for a threshold that is none of the metric's or kernels that the machine cannot run, limit_exceeded
/// above 2^32 - 1 rows
template <class Metric>
void check_request(const char* finder, std::size_t rows, const find_options& options) {
  if constexpr (requires { Metric::check_threshold(options.threshold); })
    Metric::check_threshold(options.threshold);
  else if (std::isnan(options.threshold))
    throw error(errc::invalid_argument, std::string(finder) + ": the threshold is not a number");
  if constexpr (kernels_at_run_time) check_instructions();
  if (rows > std::numeric_limits<row_index>::max())
    throw error(errc::limit_exceeded,
                std::string(finder) + ": " + std::to_string(rows) + " rows are more than 4294967295: search them in parts");
}

/// Whether a metric says what it is called.
template <class Metric>
concept has_name = requires {
  { Metric::name() } -> std::convertible_to<std::string_view>;
};

/// Whether a row of zeros takes part in no pair.
template <class Metric>
constexpr bool rejects_zero() noexcept {
  if constexpr (requires {
                  { Metric::rejects_zero } -> std::convertible_to<bool>;
                })
    return Metric::rejects_zero;
  else
    return false;
}

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
