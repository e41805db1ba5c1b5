#include "upkeep/base/html_text.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace std::string_view_literals;
using upkeep::html_text;

TEST_CASE("html_text: no byte is markup, in an element or in an attribute") {
  CHECK(html_text("<script>alert('1')</script> & \"x\"") == "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;");
  CHECK(html_text("&lt;") == "&amp;lt;");
  CHECK(html_text("") == "");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string shown = html_text(std::string(1, static_cast<char>(byte)) + "=");
    INFO(byte);
    CHECK(shown.find_first_of("<>\"'\0\n\r\x7f"sv) == std::string::npos);
    CHECK(upkeep::is_utf8(shown));
    CHECK((shown.find('&') == std::string::npos || shown.find(';') != std::string::npos));
  }
}

TEST_CASE("html_text: what can be read stays, what cannot is made visible") {
  CHECK(html_text("\xc3\xa4 \xf0\x9f\x98\x80") == "\xc3\xa4 \xf0\x9f\x98\x80");
  CHECK(html_text("a\0\n\t\xff"sv) == "a\\x00\\n\\t\\xff");
  CHECK(html_text("\xEF\xBF\xBE\xEF\xBF\xBF!") == "\xEF\xBF\xBD\xEF\xBF\xBD!");  // U+FFFE and U+FFFF are not allowed in XML 1.0
}

TEST_CASE("html_text: a long text is cut between characters") {
  CHECK(html_text("abc", 3) == "abc");
  CHECK(html_text("abcd", 3) == "abc…");
  CHECK(html_text("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xc3\xa4", 2) == "\xf0\x9f\x98\x80\xf0\x9f\x98\x80…");
  CHECK(html_text("\xff\xff\xff", 2) == "\\xff\\xff…");
  CHECK(html_text("<<<", 1) == "&lt;…");
  CHECK(html_text("x", 0) == "…");
  CHECK(html_text("", 0) == "");
}
