#pragma once
// How the metrics write a refused threshold into a message.

#include "../config.hpp"

#include <cstdio>
#include <string>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

inline std::string threshold_text(double threshold) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.6g", threshold);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
