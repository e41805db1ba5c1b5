// `demo`: a real store is made and cleaned before the user's eyes, with the commands that a user would type.
#include "demo.hpp"

#include <upkeep/base/checksum.hpp>
#include <upkeep/base/file_lock.hpp>
#include <upkeep/base/parallel.hpp>
#include <upkeep/embed/hashing_embedder.hpp>
#include <upkeep/sqlite/identifier.hpp>
#include <upkeep/sqlite/statement.hpp>
#include <upkeep/sqlite/transaction.hpp>

#include "import.hpp"
#include "packages.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

/// The digest of every value of every row of a table, in the order of the ids: equal digests, equal tables.
std::uint64_t table_digest(const std::string& file, const std::string& table, const std::string& id) {
  using upkeep::sqlite::value_type;
  const upkeep::sqlite::connection database(file);
  upkeep::sqlite::statement rows(
      database, "SELECT rowid, * FROM " + upkeep::sqlite::quote_identifier(table) + " ORDER BY " + upkeep::sqlite::quote_column(table, id));
  upkeep::checksum_stream digest;
  while (rows.step())
    for (int c = 0; c < rows.column_count(); ++c) {
      const value_type type = rows.type(c);
      digest.update_value(static_cast<std::uint8_t>(type));
      const auto bytes = [&](std::span<const std::byte> value) {
        digest.update_value(static_cast<std::uint64_t>(value.size()));
        digest.update(value);
      };
      if (type == value_type::integer) digest.update_value(rows.int64(c));
      if (type == value_type::real) digest.update_value(std::bit_cast<std::uint64_t>(rows.real(c)));
      if (type == value_type::text) bytes(std::as_bytes(std::span<const char>(rows.text(c).data(), rows.text(c).size())));
      if (type == value_type::blob) bytes(rows.blob(c));
    }
  return digest.digest();
}

/// One showing of the demo.
class showing {
 public:
  showing(const screen& out, demo_request request, std::stop_token stop)
      : out_(out), request_(std::move(request)), stop_(std::move(stop)) {}

  exit_code run() {
    const auto start = std::chrono::steady_clock::now();
    check_rows(request_.rows);
    check_threads(request_.threads);
    choose_directory();
    upkeep::lock_attempt lock = upkeep::file_lock::try_acquire(directory_ + "/demo.lock", "the demo");
    if (!lock)
      throw upkeep::error(upkeep::errc::busy,
                          "another demo runs in '" + directory_ + "' since " + lock.holder.since + ": choose another --directory");
    remove_earlier_files();
    settings_.database = directory_ + "/store.db";
    settings_.sources_table = "catalogue";
    settings_.threads = request_.threads;
    request_.notes.empty() ? make_packages() : make_notes();
    const std::uint64_t original = digest();
    out_.item("digest", upkeep::hex16(original) + "  (of every value of every row)");

    headline("The first night: look and remember, remove nothing");
    out_.text("Whatever the options say, the first cleanup of a store only records what it saw.");
    settings_.phase = upkeep::phase::cleanup;
    settings_.examples = false;
    const ending first = show("run", {"--phase cleanup"}, [&](const settings& s) { return run_command(out_, s, stop_); });
    if (first.code != exit_done) return first.code;
    if (first.report.duplicates_found + first.report.orphans_found == 0)
      throw usage_error("--rows is " + std::to_string(request_.rows) + ": among so few rows there is nothing to clean; give 500 or more");

    headline("The second night: find, plan, and hold the plan against the limits");
    out_.text(
        "An orphan has to be seen again 20 hours later before it may go; the demo does not wait (--grace 0). The plan goes to a file.");
    settings_.plan = directory_ + "/plan.jsonl";
    settings_.grace_text = "0";
    settings_.grace = std::chrono::seconds(0);
    choose_limits(first.report);
    const ending second = show("run", night_options(), [&](const settings& s) { return run_command(out_, s, stop_); });
    if (second.code == exit_done) return fail("the plan was meant to exceed the limit");
    if (second.code != exit_aborted) return second.code;
    if (!say_same("The table is as it was", original)) return exit_failed;

    headline("A person has read the plan and allows it: backup, removal, proof");
    if (!request_.notes.empty())
      out_.text(
          "These vaults hold each note once as a whole and once per block, so that many rows are copies: the limit is raised to 70 %.");
    settings_.max_removal = allowed_;
    settings_.examples = true;
    settings_.report = directory_ + "/report.json";
    const ending third = show("apply", apply_options(), [&](const settings& s) { return apply_command(out_, s, stop_); });
    if (third.code != exit_done) return third.code;
    out_.line();
    out_.text("The report, for programs, begins:");
    out_.line("  " + out_.faint(one_line(upkeep::read_file(settings_.report), 76)));
    if (digest() == original) return fail("the table did not change although rows were removed");

    headline("A change of mind: undo");
    out_.text("The receipt names the backup; nothing else is needed.");
    settings_.receipt = short_path(third.report.receipt_path);
    const exit_code fourth =
        show("undo", {"--receipt " + shell_word(settings_.receipt)}, [&](const settings& s) { return undo_command(out_, s); });
    if (fourth != exit_done) return fourth;
    if (!say_same("Every value of every row is back", original)) return exit_failed;

    out_.line();
    out_.line(out_.good("Done") + " in " + decimal(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 0) +
              " s. All files are in " + short_path(directory_) + ".");
    out_.text("To see what similarity alone would take from it, whatever the texts say:");
    settings next = settings_;
    std::vector<std::string> words = command_on_store("plan", next, true);
    words.push_back("--guard any");
    out_.command(words);
    return exit_done;
  }

 private:
  void choose_directory() {
    std::error_code failure;
    if (!request_.directory.empty())
      directory_ = request_.directory;
    else if (std::filesystem::is_directory("build", failure))
      directory_ = "build/demo";
    else
      directory_ = (std::filesystem::temp_directory_path() / "upkeep-demo").string();
    upkeep::create_directories_durably(directory_);
  }

  // Only what an earlier demo made: the directory may hold other things.
  void remove_earlier_files() const {
    for (const char* ending : {"", "-wal", "-shm", "-journal", ".upkeep.lock", ".upkeep"})
      std::filesystem::remove_all(directory_ + "/store.db" + ending);
    for (const char* file : {"plan.jsonl", "report.json"}) std::filesystem::remove(directory_ + "/" + file);
  }

  void headline(const std::string& text) {
    out_.line();
    out_.line(out_.bold(std::to_string(++step_) + ". " + text));
  }

  [[nodiscard]] std::uint64_t digest() const { return table_digest(settings_.database, settings_.table, settings_.id_column); }

  bool say_same(const std::string& claim, std::uint64_t original) {
    const std::uint64_t now = digest();
    out_.line();
    if (now == original)
      out_.line(out_.good(claim + ":") + " digest " + upkeep::hex16(now) + ", as at the beginning");
    else
      out_.line(out_.bad("The table has another digest than at the beginning:") + ' ' + upkeep::hex16(now));
    return now == original;
  }

  exit_code fail(const std::string& what) const {
    out_.line(out_.bad("The demo failed: ") + what);
    return exit_failed;
  }

  // Prints the command that a user would type, and does what it does.
  template <class Command>
  std::invoke_result_t<Command&, const settings&> show(const std::string& subcommand, std::vector<std::string> options, Command&& command) {
    std::vector<std::string> words = command_on_store(subcommand, settings_, subcommand != "undo");
    words.insert(words.end(), std::make_move_iterator(options.begin()), std::make_move_iterator(options.end()));
    out_.line();
    out_.command(words, "  $ ");
    out_.line();
    return command(settings_);
  }

  static std::string share_text(double share) {
    std::string text = decimal(share, 4);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text += '0';
    return text;
  }

  [[nodiscard]] std::vector<std::string> night_options() const {
    std::vector<std::string> options = {"--phase cleanup", "--grace 0", "--plan " + shell_word(settings_.plan)};
    if (settings_.max_removal != settings().max_removal) options.push_back("--max-removal " + share_text(settings_.max_removal));
    return options;
  }

  [[nodiscard]] std::vector<std::string> apply_options() const {
    return {"--plan " + shell_word(settings_.plan), "--max-removal " + share_text(settings_.max_removal),
            "--report " + shell_word(settings_.report)};
  }

  // The refusal is to be seen on every machine, also where the texts have few copies and the usual limit would let the plan pass.
  void choose_limits(const upkeep::janitor_report& seen) {
    const double share =
        static_cast<double>(seen.duplicates_found + seen.orphans_found) / static_cast<double>(std::max<std::uint64_t>(seen.rows, 1));
    allowed_ = request_.notes.empty() ? std::min(1.0, std::ceil(share * 100.0) / 100.0) : 0.7;
    if (share > settings_.max_removal) return;
    settings_.max_removal = std::floor(share * 500.0) / 1000.0;
    out_.text(
        "So few rows would go on this machine that the usual limit of 5 % lets them; to show a refusal, the demo asks for a stricter one.");
  }

  // A table as an application may have it: the janitor's columns under their usual names, and two that are none of its business.
  void make_packages() {
    headline("A real vector store");
    package_list list = known_packages();
    if (list.packages.empty())
      throw upkeep::error(upkeep::errc::not_found,
                          "no package lists and no installed packages were found on this machine: use --notes DIR, or --help for `import`");
    const auto rows = static_cast<std::size_t>(request_.rows);
    if (rows != 0 && list.packages.size() > rows) list.packages.resize(rows);
    out_.text("The descriptions of " + grouped(list.packages.size()) + " packages, from " + list.origin +
              ", embedded by the built-in hashing_embedder. 3 % of the packages are declared gone: the catalogue of sources lacks them.");
    const upkeep::hashing_embedder embedder({.dimension = 256});
    const std::vector<float> vectors = embed(embedder, list.packages);
    upkeep::sqlite::connection database(settings_.database, {.mode = upkeep::sqlite::open_mode::create});
    upkeep::sqlite::transaction all(database, upkeep::sqlite::transaction_kind::write);
    settings_.table = "packages";
    database.execute(
        "CREATE TABLE packages(id TEXT PRIMARY KEY NOT NULL, source TEXT, text TEXT, model TEXT, section TEXT, version TEXT, vector BLOB);"
        "CREATE TABLE catalogue(id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID");
    upkeep::sqlite::statement row(database, "INSERT INTO packages VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6)");
    upkeep::sqlite::statement source(database, "INSERT INTO catalogue VALUES (?1)");
    const std::string model = embedder.model();
    std::uint64_t gone = 0;
    for (std::size_t i = 0; i < list.packages.size(); ++i) {
      const package& p = list.packages[i];
      row.bind_text(1, p.name);
      row.bind_text(2, p.description);
      row.bind_text(3, model);
      row.bind_text(4, p.section);
      row.bind_text(5, p.version);
      row.bind_blob(6, std::as_bytes(std::span(vectors).subspan(i * embedder.dimension(), embedder.dimension())));
      row.run();
      if (upkeep::checksum(p.name) % 100 < 3) {
        ++gone;
        continue;
      }
      source.bind_text(1, p.name);
      source.run();
    }
    all.commit();
    describe(list.packages.size(), embedder.dimension(), list.packages.size() - gone, gone);
  }

  std::vector<float> embed(const upkeep::hashing_embedder& embedder, const std::vector<package>& packages) const {
    const std::size_t width = embedder.dimension();
    std::vector<float> vectors(packages.size() * width);
    constexpr std::size_t batch = 256;
    upkeep::parallel_for((packages.size() + batch - 1) / batch, {.threads = static_cast<unsigned>(request_.threads)},
                         [&](std::size_t task, std::size_t) {
                           const std::size_t begin = task * batch, count = std::min(batch, packages.size() - begin);
                           std::vector<std::string_view> texts;
                           for (std::size_t i = begin; i < begin + count; ++i) texts.emplace_back(packages[i].description);
                           embedder.embed(texts, upkeep::matrix_view<float>(vectors.data() + begin * width, count, width));
                         });
    return vectors;
  }

  void make_notes() {
    headline("A real vector store");
    settings_.table = "notes";
    settings_.id_column = "key";
    settings_.scope_column = "collection";
    settings_.created_column = "updated_at";
    out_.text("Two people's note vaults from " + short_path(request_.notes) +
              ", embedded by bge-micro-v2. The catalogue of sources lists the notes that still exist; the others are real orphans.");
    std::set<std::string> sources, all_sources;
    const import_result made = import_records({.vectors = request_.notes + "/notes_bge-micro-v2_384.fvecs",
                                               .records = request_.notes + "/notes.jsonl",
                                               .database = settings_.database,
                                               .table = settings_.table,
                                               .id_column = settings_.id_column,
                                               .rows = request_.rows},
                                              [&](const upkeep::json_object& record) {
                                                const upkeep::json_fields fields(record, "the note");
                                                all_sources.insert(fields.text("source"));
                                                if (!fields.boolean("orphan")) sources.insert(fields.text("source"));
                                                return true;
                                              });
    upkeep::sqlite::connection database(settings_.database, {.mode = upkeep::sqlite::open_mode::read_write});
    upkeep::sqlite::transaction all(database, upkeep::sqlite::transaction_kind::write);
    database.execute("CREATE TABLE catalogue(id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID");
    upkeep::sqlite::statement source(database, "INSERT INTO catalogue VALUES (?1)");
    for (const std::string& id : sources) {
      source.bind_text(1, id);
      source.run();
    }
    all.commit();
    describe(made.rows, made.dimension, sources.size(), all_sources.size() - sources.size());
  }

  void describe(std::uint64_t rows, std::uint64_t dimension, std::uint64_t sources, std::uint64_t gone) const {
    out_.line();
    out_.item("store", short_path(settings_.database) + ", " + size_text(std::filesystem::file_size(settings_.database)));
    out_.item("table " + settings_.table, grouped(rows) + " rows, vectors of " + grouped(dimension) + " components");
    out_.item("table catalogue", grouped(sources) + " sources; " + grouped(gone) + " are gone");
  }

  const screen& out_;
  demo_request request_;
  std::stop_token stop_;
  settings settings_;
  std::string directory_;
  double allowed_ = 1.0;
  int step_ = 0;
};

}  // namespace

exit_code demo_command(const screen& out, const demo_request& request, std::stop_token stop) {
  return showing(out, request, std::move(stop)).run();
}

}  // namespace nightly_janitor
