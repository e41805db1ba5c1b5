// What services answer is understood as a whole or not at all, whatever they send.
// The input: which service (u8), what it answers. Asked for are the documents a to e.

#include "support/fuzzing.hpp"
#include "upkeep/notify/slack_answer_json.hpp"
#include "upkeep/oracle/firestore_answer_json.hpp"
#include "upkeep/oracle/http_answer_json.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using upkeep::ownership;
using upkeep_test::must_hold;

namespace {

constexpr auto untouched = static_cast<ownership>(77);
using answers = std::array<ownership, 5>;

answers none() {
  answers all{};
  all.fill(untouched);
  return all;
}

std::string quoted(char id) { return std::string("\"") + id + '"'; }

/// The answer of an HTTP service that says what `told` does.
std::string http_text(const answers& told) {
  std::string text = "{";
  for (const ownership meaning : {ownership::present, ownership::absent, ownership::unknown}) {
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(upkeep::to_string(meaning)) + "\":[";
    for (std::size_t i = 0; i < told.size(); ++i)
      if (told[i] == meaning) text += (text.back() == '[' ? "" : ",") + quoted(static_cast<char>('a' + i));
    text += ']';
  }
  return text + '}';
}

std::string firestore_text(const answers& told) {
  std::string text = "[";
  for (std::size_t i = 0; i < told.size(); ++i) {
    const std::string name = quoted(static_cast<char>('a' + i));
    if (i != 0) text += ',';
    text += told[i] == ownership::present ? R"({"found":{"name":)" + name + "}}" : R"({"missing":)" + name + "}";
  }
  return text + ']';
}

template <class Read, class Text>
void all_or_nothing(std::string_view body, Read&& read, Text&& text) {
  answers told = none();
  if (!upkeep_test::accepted([&] { read(body, told); })) {
    must_hold(told == none(), "of an answer that is not understood nothing is believed");
    return;
  }
  for (const ownership o : told)
    must_hold(o == ownership::present || o == ownership::absent || o == ownership::unknown, "every source has an answer");
  answers again = none();
  read(text(told), again);
  must_hold(again == told, "an answer means what it says");
}

void http(std::string_view body) {
  static constexpr std::string_view asked[] = {"a", "b", "c", "d", "e"};
  all_or_nothing(
      body, [](std::string_view b, answers& told) { upkeep::read_http_answer(b, "the answer", asked, told); }, http_text);
}

void firestore(std::string_view body) {
  static const std::vector<std::string> asked = {"a", "b", "c", "d", "e"};
  all_or_nothing(
      body,
      [](std::string_view b, answers& told) {
        upkeep::read_firestore_answer(b, "the answer", asked, told);
        must_hold(std::count(told.begin(), told.end(), ownership::unknown) == 0, "Firestore finds or misses");
      },
      firestore_text);
}

void slack(std::string_view body) {
  for (const int status : {200, 299, 300, 429, 500})
    for (const bool api : {false, true}) {
      const std::string refusal = upkeep::slack_refusal(status, body, api);
      const bool taken = status < 300;
      must_hold(!refusal.empty() || taken, "a failure has a reason");
      must_hold(refusal.empty() || !taken || api, "a webhook says by its status that it took a message");
      must_hold(refusal.size() <= 64 && std::all_of(refusal.begin(), refusal.end(), [](char c) { return c >= ' ' && c <= '~'; }),
                "a reason is a word, never what was sent");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = upkeep_test::input(data, size);
  switch (upkeep_test::take_number<std::uint8_t>(body) % 3) {
    case 0: http(body); break;
    case 1: firestore(body); break;
    default: slack(body); break;
  }
  return 0;
}
