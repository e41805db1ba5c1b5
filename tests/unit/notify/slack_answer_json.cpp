// Slack's yes is a yes, its no is told by its word, and nothing else of its answer is repeated.

#include "upkeep/notify/slack_answer_json.hpp"

#include <string>

#include "support/catch.hpp"

using upkeep::slack_refusal;

TEST_CASE("a webhook answers with its status and a word") {
  CHECK(slack_refusal(200, "ok", false).empty());
  CHECK(slack_refusal(404, "no_service", false) == "no_service");
  CHECK(slack_refusal(403, "", false) == "no reason that can be shown");
  CHECK(slack_refusal(500, "<html>https://hooks.example/T0/secret</html>", false) == "no reason that can be shown");
  CHECK(slack_refusal(400, std::string(65, 'a'), false) == "no reason that can be shown");
}

TEST_CASE("chat.postMessage says no with the status 200") {
  CHECK(slack_refusal(200, R"({"ok":true,"ts":"1"})", true).empty());
  CHECK(slack_refusal(200, R"({"ok":false,"error":"channel_not_found"})", true) == "channel_not_found");
  CHECK(slack_refusal(200, R"({"ok":false})", true) == "no reason that can be shown");
  CHECK(slack_refusal(200, R"({"ok":false,"error":"xoxb-1234"})", true) == "no reason that can be shown");
  for (const char* text : {"", "ok", "{", "[]", R"({"ok":"true"})", R"({"error":"x"})", "{\"ok\":true"})
    CHECK(slack_refusal(200, text, true) == "an answer that is none of chat.postMessage");
  CHECK(slack_refusal(429, "ratelimited", true) == "ratelimited");
}
