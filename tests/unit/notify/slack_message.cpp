// Whatever a message holds, its body is JSON within Slack's limits, and nothing in it is markup.

#include "upkeep/notify/slack_message.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "upkeep/base/json.hpp"
#include "upkeep/base/rng.hpp"

using namespace std::string_literals;
using namespace std::string_view_literals;
using upkeep::message;
using upkeep::slack_limits;

namespace {

struct taken_apart {
  std::string channel, text, header;
  std::vector<std::string> sections;
};

std::string text_in(const upkeep::json_value& block) {
  const upkeep::json_fields fields(block, "block");
  return upkeep::json_fields(*fields.find("text"), "text").text("text");
}

taken_apart read(const std::string& body) {
  const upkeep::json_value value = upkeep::parse_json(body, "body");
  const upkeep::json_fields fields(value, "body");
  taken_apart result;
  result.channel = fields.find_text("channel").value_or("");
  result.text = fields.text("text");
  const auto& blocks = fields.array("blocks");
  REQUIRE(blocks.size() <= slack_limits::blocks);
  std::size_t all = result.text.size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string text = text_in(blocks[i]);
    REQUIRE_FALSE(text.empty());
    REQUIRE(text.size() <= (i == 0 ? slack_limits::header : slack_limits::section));
    REQUIRE(upkeep::is_utf8(text));
    all += text.size();
    if (i == 0)
      result.header = text;
    else
      result.sections.push_back(text);
  }
  REQUIRE(all <= slack_limits::message);
  return result;
}

/// The text as a person sees it.
std::string shown(std::string text) {
  for (const auto& [entity, character] : {std::pair{"&lt;"sv, '<'}, {"&gt;"sv, '>'}, {"&amp;"sv, '&'}})
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at) text.replace(at, entity.size(), 1, character);
  return text;
}

}  // namespace

TEST_CASE("a summary is a header and a section, as it was written") {
  const taken_apart m = read(upkeep::slack_body({.title = "upkeep: cleanup done", .text = "duplicates: 3 found\norphans: 1\n"}));
  CHECK(m.header == "upkeep: cleanup done");
  CHECK(m.text == m.header);
  CHECK(m.channel.empty());
  CHECK(m.sections == std::vector<std::string>{"duplicates: 3 found\norphans: 1"});
  const taken_apart alert =
      read(upkeep::slack_body({.level = message::urgency::alert, .title = "t", .text = "x"}, "C0123", "https://example.org/r?a=1&b=2"));
  CHECK(alert.header == ":rotating_light: t");
  CHECK(alert.channel == "C0123");
  CHECK(alert.sections == std::vector<std::string>{"x", "report: https://example.org/r?a=1&amp;b=2"});
}

TEST_CASE("of a text, nothing but & < > is escaped, and nothing moves a cursor") {
  const taken_apart m = read(upkeep::slack_body({.title = "<!channel> & co", .text = "a*b*_c_ <@U1> &amp; \"q\"\x1b[31m\0x\xff"s}));
  CHECK(m.header == "&lt;!channel&gt; &amp; co");
  CHECK(m.sections == std::vector<std::string>{"a*b*_c_ &lt;@U1&gt; &amp;amp; \"q\"\\x1b[31m\\x00x\\xff"});
}

TEST_CASE("an empty message has a header all the same, which Slack wants") {
  for (const message& m : {message{}, message{.title = "  ", .text = "\n\n \n"}}) {
    const taken_apart body = read(upkeep::slack_body(m));
    CHECK(body.header == "upkeep");
    CHECK(body.sections.empty());
  }
}

TEST_CASE("what does not fit is cut between characters and counted") {
  const taken_apart title = read(upkeep::slack_body({.title = std::string(100, '&'), .text = ""}));
  CHECK(shown(title.header) == std::string(29, '&') + "…");
  const taken_apart wide = read(upkeep::slack_body({.title = "t", .text = std::string(2998, 'a') + "ää"}));
  CHECK(wide.sections == std::vector<std::string>{std::string(2998, 'a'), "ää"});
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "line " + std::to_string(i) + "\n";
  const taken_apart cut = read(upkeep::slack_body({.title = "t", .text = many}, {}, "/var/report.json"));
  REQUIRE(cut.sections.size() >= 4);
  CHECK(cut.sections.back() == "report: /var/report.json");
  const std::string& count = cut.sections[cut.sections.size() - 2];
  std::string whole;
  for (std::size_t i = 0; i + 2 < cut.sections.size(); ++i) whole += cut.sections[i] + "\n";
  CHECK(many.substr(0, whole.size()) == whole);
  std::size_t lines = 0;
  for (const char c : whole) lines += c == '\n' ? 1 : 0;
  CHECK(count == "… and " + std::to_string(5000 - lines) + " lines more");
  CHECK(whole.size() > 11'000);
}

TEST_CASE("random texts stay within the limits and lose nothing before the cut") {
  upkeep::rng random(3);
  const std::string_view pieces[] = {"a", "&", "<", ">", "\n", " ", "ä", "€", "😀", "\xff", "\x01", "word word word ", "&lt;"};
  for (int round = 0; round < 300; ++round) {
    message m;
    const std::size_t size = random.below(round % 3 == 0 ? 20'000 : 300);
    while (m.text.size() < size) {
      const std::string_view piece = pieces[random.below(std::size(pieces))];
      for (std::uint64_t n = random.chance(.1) ? random.below(1500) : 1; n != 0; --n) m.text += piece;
    }
    for (std::uint64_t n = random.below(120); n != 0; --n) m.title += pieces[random.below(std::size(pieces))];
    const taken_apart body = read(upkeep::slack_body(m));
    std::string said, wanted;
    for (const std::string& s : body.sections) said += s + "\n";
    if (said.find("… and ") != std::string::npos) continue;
    for (std::size_t at = 0; at <= m.text.size();) {
      const std::size_t end = std::min(m.text.find('\n', at), m.text.size());
      upkeep::append_visible(wanted, std::string_view(m.text).substr(at, end - at));
      at = end + 1;
    }
    std::erase(said, '\n');
    std::erase_if(wanted, [](char c) { return c == '\n'; });
    if (wanted.find_first_not_of(' ') == std::string::npos) continue;
    CAPTURE(round);
    REQUIRE(shown(said).size() <= wanted.size());
    REQUIRE(wanted.find(shown(said).substr(0, 20)) != std::string::npos);
  }
}
