// Any bytes are remembered sketches or refused; those that were read are read again as themselves when they are written.
// The input: a snapshot file, the checksums of whose parts are made to fit before it is read a second time.

#include "upkeep/join/sketch_snapshot.hpp"
#include "support/fuzzing.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

using upkeep_test::must_hold;

namespace {

/// The file with the checksums that its parts should have.
std::string sealed(std::string_view bytes) {
  std::string result(bytes);
  for (std::size_t at = 16; at + 24 <= result.size();) {
    std::uint64_t inner = 0;
    std::memcpy(&inner, result.data() + at, 8);
    if (inner > result.size() - at - 24) break;
    const std::size_t end = at + 16 + static_cast<std::size_t>(inner);
    const std::uint64_t digest = upkeep::checksum(std::as_bytes(std::span(result.data() + at, end - at)));
    std::memcpy(result.data() + end, &digest, 8);
    at = end + 8;
  }
  return result;
}

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {  // bit for bit: one may be no number
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return same(std::span<const T>(a), std::span<const T>(b));
}

bool same(const upkeep::remembered_rows& a, const upkeep::remembered_rows& b) {
  const upkeep::sketch_shape shape = a.sketches.shape;
  const std::size_t n = a.size(), more = shape.width - shape.leading;
  const auto codes = [&](const upkeep::remembered_rows& r, bool leading) {
    return std::span<const std::uint8_t>(leading ? r.sketches.leading.data() : r.sketches.rest.data(),
                                         n * (leading ? shape.leading : more));
  };
  if (b.size() != n || b.sketches.shape.width != shape.width || b.sketches.shape.leading != shape.leading) return false;
  for (std::size_t i = 0; i < n; ++i)
    if (a.keys[i] != b.keys[i]) return false;
  return same(a.number, b.number) && same(a.content, b.content) && same(a.squared_norms, b.squared_norms) && same(a.tails, b.tails) &&
         same(a.pairs, b.pairs) && same(codes(a, true), codes(b, true)) && same(codes(a, false), codes(b, false)) &&
         same(std::span<const std::int32_t>(a.sketches.reach.data(), n), std::span<const std::int32_t>(b.sketches.reach.data(), n)) &&
         same(std::span<const float>(a.sketches.bound.data(), more == 0 ? 0 : n),
              std::span<const float>(b.sketches.bound.data(), more == 0 ? 0 : n));
}

bool same(const upkeep::sketch_snapshot& a, const upkeep::sketch_snapshot& b) {
  const double numbers[2][3] = {{a.threshold, a.scale, a.energy}, {b.threshold, b.scale, b.energy}};
  return a.metric == b.metric && same<double>(numbers[0], numbers[1]) && std::memcmp(&a.step, &b.step, sizeof a.step) == 0 &&
         a.components == b.components && same(a.mean, b.mean) && same(a.columns, b.columns) && same(a.centre, b.centre) &&
         same(a.rows, b.rows);
}

void read(std::string_view bytes) {
  const std::string path = upkeep_test::scratch_path("sketches"), again = upkeep_test::scratch_path("again");
  upkeep_test::put_file(path, bytes);
  std::optional<upkeep::sketch_snapshot> s;
  if (!upkeep_test::accepted([&] { s = upkeep::read_snapshot(path); }) || !s) return;
  const upkeep::remembered_rows& rows = s->rows;
  const std::size_t n = rows.size();
  must_hold(rows.number.size() == n && rows.squared_norms.size() == n && rows.tails.size() == n && rows.keys.size() == n,
            "every row has all that is remembered of one");
  must_hold(s->bytes <= bytes.size() && (s->cut || s->bytes == bytes.size()), "what cannot be relied on is said to be cut");
  must_hold(s->mean.size() == s->components && s->columns.size() == s->components * s->shape.width, "the directions fit the vectors");
  must_hold(static_cast<std::size_t>(std::count(rows.number.begin(), rows.number.end(), upkeep::not_searched)) >= s->gone,
            "rows that are gone are so marked");
  for (const upkeep::scored_pair& p : rows.pairs) must_hold(p.first < n && p.second < n, "a pair is one of rows that are there");
  upkeep::write_snapshot(*s, again);
  const auto t = upkeep::read_snapshot(again);
  must_hold(t && !t->cut && same(*s, *t), "what was read is read again as itself when it is written");
  // What a later search adds goes behind what can be relied on, whatever stood there.
  upkeep::remembered_rows none;
  none.sketches = upkeep::sketch_table(s->shape, 0);
  const upkeep::row_index first[] = {0};
  upkeep::append_snapshot(*s, std::span(first).first(n == 0 ? 0 : 1), none, path);
  const auto later = upkeep::read_snapshot(path);
  must_hold(later && !later->cut && later->rows.size() == n && (n == 0 || later->rows.number[0] == upkeep::not_searched),
            "what is added is read with what was there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = upkeep_test::input(data, size);
  const std::string fitting = sealed(bytes);
  if (fitting != bytes) read(bytes);
  read(fitting);
  return 0;
}
