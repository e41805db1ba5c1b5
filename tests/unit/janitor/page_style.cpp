#include "upkeep/janitor/page_style.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string_view>

TEST_CASE("the style needs no network, is closed, and knows light and dark", "[page_style]") {
  const std::string_view style = upkeep::v0::detail::page_style;
  for (const char* fetched : {"url(", "@import", "http:", "https:", "</"}) {
    CAPTURE(fetched);
    CHECK(style.find(fetched) == std::string_view::npos);
  }
  CHECK(style.find("prefers-color-scheme: dark") != std::string_view::npos);
  CHECK(std::count(style.begin(), style.end(), '{') == std::count(style.begin(), style.end(), '}'));
  CHECK(style.size() > 500);
}
