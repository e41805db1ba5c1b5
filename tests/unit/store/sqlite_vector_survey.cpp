// How the vectors of a column are stored, found out from its first rows and, where these do not tell, from all.

#include "upkeep/store/sqlite_vector_survey.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <utility>

using upkeep::errc;
using upkeep::field;
using upkeep::set_aside;
using upkeep::sqlite_layout;
using upkeep::sqlite_store;
using upkeep::vector_encoding;
using upkeep_test::f32;
using upkeep_test::f64;
using upkeep_test::failure_of;
using upkeep_test::run_sql;

namespace {

const sqlite_layout layout{.table = "t", .vector_column = "v"};

struct seen_row {
  set_aside health;
  std::vector<float> vector;
  friend bool operator==(const seen_row&, const seen_row&) = default;
};

template <class Visit>
std::vector<seen_row> scanned(sqlite_store& store, Visit&& before_each_batch) {
  std::vector<seen_row> rows;
  store.scan(field::vector, [&](const upkeep::record_batch& b) {
    before_each_batch();
    for (std::size_t i = 0; i < b.size(); ++i) {
      rows.push_back(
          {b.health[i], b.vectors.cols() == 0 ? std::vector<float>() : std::vector<float>(b.vectors[i].begin(), b.vectors[i].end())});
    }
  });
  return rows;
}
std::vector<seen_row> scanned(sqlite_store& store) {
  return scanned(store, [] {});
}

std::string table_of(const std::vector<std::string>& vectors, const upkeep_test::temporary_directory& folder,
                     const std::string& name = "t.db") {
  std::string sql = "CREATE TABLE t(id INTEGER PRIMARY KEY, v); BEGIN;";
  for (const std::string& v : vectors) sql += "INSERT INTO t(v) VALUES (" + v + ");";
  return run_sql(folder / name, sql + "COMMIT");
}

}  // namespace

TEST_CASE("one encoding and one width need no options", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::vector<float> a{0.1F, -0.7F, 0.3F, 0.9F}, b{0.25F, 0.123F, -0.77F, 0.31F};
  const std::vector<std::vector<std::string>> tables{{f32(a), f32(b)},
                                                     {f64({0.1, -0.7, 0.3, 0.9}), f64({0.25, 0.123, -0.77, 0.31})},
                                                     {"'[0.1,-0.7,0.3,0.9]'", "' [ 0.25, 0.123 ,-0.77,0.31]'"},
                                                     {f32(a), f64({0.25, 0.123, -0.77, 0.31})},
                                                     {"'[0.1,-0.7,0.3,0.9]'", f32(b)}};
  int number = 0;
  for (const auto& table : tables) {
    INFO("table " << number);
    sqlite_store store(table_of(table, folder, std::to_string(number++)), layout);
    CHECK(store.dimension() == 4);
    CHECK(scanned(store) == std::vector<seen_row>{{set_aside::no, a}, {set_aside::no, b}});
  }
}

TEST_CASE("mixed widths are refused with how many rows have each, or set aside where the right one is named", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = table_of({f32({1, 2, 3}), f32({4, 5, 6}), f32({1, 2, 3, 4, 5}), "'[1,2]'", "'[1,2,4]'"}, folder);
  const auto f = failure_of([&] { const sqlite_store s(path, layout); });
  CHECK(f.code == errc::unsupported);
  CHECK(f.names("mixed widths: 3 components in 3 rows, 2 components in 1 rows, 5 components in 1 rows"));
  CHECK(f.names("option dimension"));
  CHECK(f.names("\"v\""));
  sqlite_store store(path, layout, {.dimension = 3});
  CHECK(store.dimension() == 3);
  const auto rows = scanned(store);
  REQUIRE(rows.size() == 5);
  CHECK(rows[1] == seen_row{set_aside::no, {4, 5, 6}});
  CHECK(rows[2] == seen_row{set_aside::wrong_width, {0, 0, 0}});
  CHECK(rows[3] == seen_row{set_aside::wrong_width, {0, 0, 0}});
  CHECK(rows[4] == seen_row{set_aside::no, {1, 2, 4}});
}

TEST_CASE("floats of twice the width are not taken for doubles", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = table_of({f32({0.1F, 0.2F}), f32({0.3F, 0.4F, 0.5F, 0.6F}), f32({0.3F, 0.4F})}, folder);
  CHECK(failure_of([&] { const sqlite_store s(path, layout); }).names("2 components in 2 rows, 4 components in 1 rows"));
  sqlite_store store(path, layout, {.dimension = 2});
  CHECK(scanned(store)[1].health == set_aside::wrong_width);
  sqlite_store wide(path, layout, {.dimension = 4});
  CHECK(scanned(wide)[1] == seen_row{set_aside::no, {0.3F, 0.4F, 0.5F, 0.6F}});
  CHECK(scanned(wide)[0].health == set_aside::wrong_width);
}

TEST_CASE("what is no vector is unreadable, what has no direction is zero", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string nan = "x'0000c07f0000803f0000803f'";
  sqlite_store store(
      table_of({f32({1, 2, 3}), "NULL", "17", "1.5", "x'010203'", "x''", "'text'", f32({0, 0, 0}), nan, "'[1,NaN,2]'"}, folder), layout);
  std::vector<set_aside> health;
  for (const seen_row& row : scanned(store)) health.push_back(row.health);
  const auto bad = set_aside::unreadable;
  CHECK(health == std::vector<set_aside>{set_aside::no, bad, bad, bad, bad, bad, bad, set_aside::zero, set_aside::not_finite, bad});
}

TEST_CASE("bytes that may be either encoding are refused until somebody says which", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = table_of({f64({0.5, 1.0}), f64({0.25, -2.0})}, folder);
  const auto f = failure_of([&] { const sqlite_store s(path, layout); });
  CHECK(f.code == errc::unsupported);
  CHECK(f.names("2 blobs of 16 bytes"));
  CHECK(f.names("4 numbers of float32 or 2 of float64"));
  sqlite_store store(path, layout, {.encoding = vector_encoding::float64});
  CHECK(scanned(store)[1] == seen_row{set_aside::no, {0.25F, -2}});
  sqlite_store two(path, layout, {.dimension = 2});
  CHECK(scanned(two)[0] == seen_row{set_aside::no, {0.5F, 1}});
  sqlite_store floats(path, layout, {.encoding = vector_encoding::float32});
  CHECK(floats.dimension() == 4);
}

TEST_CASE("an empty table gets its dimension with its first rows", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  for (const auto encoding : {vector_encoding::automatic, vector_encoding::float32, vector_encoding::float64, vector_encoding::json}) {
    sqlite_store store(table_of({}, folder, std::string(upkeep::to_string(encoding))), layout, {.encoding = encoding});
    CHECK(store.dimension() == 0);
    upkeep::record_buffer buffer(field::vector, 2);
    const std::vector<float> vector{0.3F, -4};
    upkeep::record_view row;
    row.key = 1;
    row.vector = vector;
    buffer.push_back(row);
    CHECK(store.upsert(buffer.batch()) == 1);
    CHECK(store.dimension() == 2);
    CHECK(scanned(store) == std::vector<seen_row>{{set_aside::no, vector}});
    const std::string type = upkeep_test::read_all(store.file(), "SELECT typeof(v), length(v) FROM t").at(0);
    CHECK(type == (encoding == vector_encoding::json ? "t'text'|i8" : encoding == vector_encoding::float64 ? "t'blob'|i16" : "t'blob'|i8"));
  }
}

namespace {

// More rows than a first look reads, all of float32 [i % 7 + 1, 2], and then one more.
std::string long_table(const upkeep_test::temporary_directory& folder, const std::string& name, const std::string& last, int rows = 5000) {
  const std::string path = run_sql(folder / name, "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  std::string sql = "BEGIN;";
  for (int i = 0; i < rows; ++i) sql += "INSERT INTO t(v) VALUES (" + f32({static_cast<float>(i % 7 + 1), 2}) + ");";
  return run_sql(path, sql + "INSERT INTO t(v) VALUES (" + last + "); COMMIT");
}

}  // namespace

TEST_CASE("a width that the first rows did not show is refused where it is met", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = long_table(folder, "t.db", f32({1, 2, 3}));
  const std::string counts = "mixed widths: 2 components in 5000 rows, 3 components in 1 rows";
  {
    sqlite_store store(path, layout);
    CHECK(store.dimension() == 2);
    std::size_t visited = 0;
    const auto f = failure_of([&] { store.scan(field::vector, [&](const upkeep::record_batch& b) { visited += b.size(); }); });
    CHECK(f.code == errc::unsupported);
    CHECK(f.names(counts));
    CHECK(visited < 5000);
  }
  const std::vector<upkeep::key_view> last{5001};
  CHECK(failure_of([&] { sqlite_store(path, layout).fetch(last, field::vector, [](const upkeep::record_batch&) {}); }).names(counts));
  upkeep::record_buffer buffer(field::vector, 2);
  const std::vector<float> vector{3, -4};
  upkeep::record_view row;
  row.key = 1;
  row.vector = vector;
  buffer.push_back(row);
  CHECK(failure_of([&] { sqlite_store(path, layout).upsert(buffer.batch()); }).names(counts));
  sqlite_store named(path, layout, {.dimension = 2});
  const auto rows = scanned(named);
  REQUIRE(rows.size() == 5001);
  for (std::size_t i = 0; i < 5000; ++i) REQUIRE(rows[i] == seen_row{set_aside::no, {static_cast<float>(i % 7 + 1), 2}});
  CHECK(rows[5000].health == set_aside::wrong_width);
}

TEST_CASE("another encoding of the same width that the first rows did not show is read as it is", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  int number = 0;
  for (const std::string& last : {f64({0.1, -0.7}), std::string("'[0.1,-0.7]'")}) {
    INFO(last);
    const std::string path = long_table(folder, std::to_string(number++), last);
    const seen_row expected{set_aside::no, {0.1F, -0.7F}};
    sqlite_store store(path, layout);
    const auto rows = scanned(store);
    REQUIRE(rows.size() == 5001);
    for (std::size_t i = 0; i < 5000; ++i) REQUIRE(rows[i] == seen_row{set_aside::no, {static_cast<float>(i % 7 + 1), 2}});
    CHECK(rows[5000] == expected);
    std::vector<seen_row> fetched;
    const std::vector<upkeep::key_view> keys{5000, 5001};
    sqlite_store(path, layout).fetch(keys, field::vector, [&](const upkeep::record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i) fetched.push_back({b.health[i], {b.vectors[i].begin(), b.vectors[i].end()}});
    });
    CHECK(fetched == std::vector<seen_row>{rows[4999], expected});
  }
}

TEST_CASE("a scan that began before another one met the other encoding reads it as it is", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  sqlite_store store(long_table(folder, "t.db", f64({0.1, -0.7})), layout);
  bool first = true;
  const auto rows = scanned(store, [&] {
    if (std::exchange(first, false)) CHECK(scanned(store).size() == 5001);
  });
  REQUIRE(rows.size() == 5001);
  CHECK(rows[5000] == seen_row{set_aside::no, {0.1F, -0.7F}});
}

TEST_CASE("vectors that all got another width since the store was opened are refused", "[sqlite_vector_survey]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = long_table(folder, "t.db", f32({1, 2}));
  sqlite_store store(path, layout);
  run_sql(path, "UPDATE t SET v = " + f32({1, 2, 3}));
  const auto f = failure_of([&] { scanned(store); });
  CHECK(f.code == errc::changed);
  CHECK(f.names("have 3 components now, and had 2"));
  CHECK(f.names("open it again"));
}
