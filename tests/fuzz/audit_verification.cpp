// No change of an audit log goes unseen: the first line that differs is named, and opening it again repairs what is torn and nothing else.
// The input: edits of a sound log, five bytes each (what, two numbers of 16 bits); or, behind a byte 255, a log, a byte 255 and a head.

#include "support/audit_files.hpp"
#include "support/fuzzing.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using upkeep::audit_state;
using upkeep_test::must_hold;

namespace {

constexpr std::size_t lines = 7;

struct sound_log {
  upkeep_test::audit_files files{};
  std::string log, head;

  sound_log() {
    files.write(lines);
    log = files.log();
    head = files.sealed();
  }
};

std::string edited(std::string log, std::string_view edits) {
  while (edits.size() >= 5 && log.size() < 20'000) {  // lines that are doubled again and again would fill the memory
    const auto what = upkeep_test::take_number<std::uint8_t>(edits);
    const auto a = upkeep_test::take_number<std::uint16_t>(edits), b = upkeep_test::take_number<std::uint16_t>(edits);
    if (log.empty()) break;
    std::vector<std::string> all = upkeep_test::lines_of(log);
    std::string &one = all[a % all.size()], &other = all[b % all.size()];
    switch (what % 6) {
      case 0: log[a % log.size()] = static_cast<char>(b); continue;
      case 1: log.resize(a % (log.size() + 1)); continue;
      case 2: log.insert(a % (log.size() + 1), 1, static_cast<char>(b)); continue;
      case 3: one.clear(); break;
      case 4: std::swap(one, other); break;
      default: one += other; break;
    }
    log = upkeep_test::joined(all);
  }
  return log;
}

/// The number of the first line, from 1, that is not the same in both; 0 where they are equal.
std::size_t first_difference(const std::string& a, const std::string& b) {
  if (a == b) return 0;
  const auto [end, ignored] = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(std::count(a.begin(), end, '\n')) + 1;
}

std::optional<upkeep::audit_report> verified(const upkeep_test::audit_files& files) {
  std::optional<upkeep::audit_report> report;
  static_cast<void>(upkeep_test::accepted([&] { report = files.verified(); }));
  return report;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sound_log sound;
  const std::string_view text = upkeep_test::input(data, size);
  const bool raw = text.starts_with('\xff');
  const std::size_t border = raw ? text.find('\xff', 1) : std::string_view::npos;
  const std::string log =
      raw ? std::string(text.substr(1, border == std::string_view::npos ? border : border - 1)) : edited(sound.log, text);
  const std::string head = !raw ? sound.head : border == std::string_view::npos ? std::string() : std::string(text.substr(border + 1));
  upkeep_test::put_file(sound.files.path, log);
  upkeep_test::put_file(sound.files.head, head);

  const auto before = verified(sound.files);
  must_hold(before.has_value(), "a log that is there has a report");
  const audit_state state = before->state;
  must_hold((state == audit_state::intact) == before->problem.empty(), "what is wrong is told in a sentence");
  if (!raw) {
    const std::size_t difference = first_difference(sound.log, log);
    must_hold(before->first_bad_line == difference, "the first line that differs is named");
    must_hold((state == audit_state::intact) == (difference == 0), "no change goes unseen");
    must_hold(difference == 0 || (state == audit_state::torn) == (difference > lines), "only what is behind the seal is torn");
  }

  const bool opened = upkeep_test::accepted([&] { const upkeep::audit_log again(sound.files.path, upkeep_test::audit_key()); });
  const bool repairable = state == audit_state::intact || state == audit_state::torn;
  must_hold(opened == repairable, "a log is continued where nothing but its torn end is missing");
  const auto after = verified(sound.files);
  must_hold(after && after->intact() == opened, "a log that was opened is intact, and no other one becomes it");
  must_hold(state != audit_state::torn || after->repairs == before->repairs + 1 || before->lines == 0, "a repair is told");
  return 0;
}
