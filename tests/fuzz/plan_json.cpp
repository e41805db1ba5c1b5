// Any text is a plan or refused; a plan that was read is read again as itself when it is written.
// The input: the text of a plan, whose digest is made to fit before it is read a second time.

#include "upkeep/janitor/plan_json.hpp"
#include "support/fuzzing.hpp"
#include "upkeep/base/checksum.hpp"

#include <optional>
#include <string>

using upkeep_test::must_hold;

namespace {

/// The text with the digest that it should have, where it has a place for one.
std::string sealed(std::string_view text) {
  const std::size_t end = text.find('\n');
  constexpr std::string_view name = ",\"digest\":\"";
  const std::size_t tail = name.size() + 16 + 2;
  std::string result(text);
  if (end == std::string_view::npos || end < tail || text.substr(end - tail, name.size()) != name) return result;
  upkeep::checksum_stream all;
  all.update(text.data(), end - tail);
  all.update(text.data() + end + 1, text.size() - end - 1);
  return result.replace(end - tail + name.size(), 16, upkeep::hex16(all.digest()));
}

void read(std::string_view text) {
  std::optional<upkeep::plan> plan;
  if (!upkeep_test::accepted([&] { plan = upkeep::parse_plan(text, "of the fuzzer"); })) return;
  const std::string path = upkeep_test::scratch_path("plan");
  upkeep::write_plan(*plan, path);
  must_hold(upkeep::read_plan(path) == *plan, "a plan that was read is read again as itself when it is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = upkeep_test::input(data, size);
  read(text);
  const std::string fitting = sealed(text);
  if (fitting != text) read(fitting);
  return 0;
}
