#!/usr/bin/env python3
"""The life of a store: baseline, grace, limits, rehearsal, plan and apply, cleanup and undo, compared row by row and byte by byte."""
import html
import json
import re
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, one_sentence, read_report, require_program, run, store  # noqa: E402

require_program()
REPORT = SCRATCH / "report.json"
NOW = ["--no-baseline", "--grace", "0"]


def cleanup(s, *more):
    REPORT.unlink(missing_ok=True)
    result = run("run", *s.options(), "--phase", "cleanup", "--report", REPORT, *more)
    return result, read_report(REPORT) if REPORT.exists() else {}


def undo_command(result):
    """The command that the output tells people to run, as words."""
    text = re.sub(r" \\\n\s+", " ", result.stdout)
    line = next((line for line in text.splitlines() if "nightly_janitor undo" in line), "")
    return line.split()[1:]


def round_trip(name, **shape):
    """Cleanup and undo, and in between exactly the rows that had to go are gone."""
    s = store(name, **shape)
    content, keys = s.content(), s.keys()
    result, report = cleanup(s, *NOW, "--max-removal", "0.3")
    expect(result.returncode == 0 and report["status"] == "done", f"{name}: the cleanup is done", result)
    expect(keys - s.keys() == s.duplicates | s.orphans, f"{name}: the copies and the orphans went, and nothing else", result)
    expect(report["duplicates_removed"] == len(s.duplicates) and report["orphans_removed"] == len(s.orphans), f"{name}: the report's counts")
    expect(report["kb_reclaimed"] > 0 and report["receipt"]["rows"] == len(s.duplicates | s.orphans), f"{name}: the report's receipt")
    left = [row for row in content if not any(k.encode() == row[2] if isinstance(k, str) else k == row[2] for k in s.duplicates | s.orphans)]
    expect(s.content() == left, f"{name}: the rows that stayed are what they were")
    words = undo_command(result)
    expect(words[:1] == ["undo"], f"{name}: the output names the undo command", result)
    proof = run("verify", *words[1:])
    gone = len(s.duplicates | s.orphans)
    expect(proof.returncode == 0 and "whole" in proof.stdout and re.search(rf"in the backup\s+{gone} rows", proof.stdout)
           and re.search(rf"not in the store\s+{gone},", proof.stdout), f"{name}: the backup is whole", proof)
    undone = run(*words)
    proof = run("verify", *words[1:])
    expect(proof.returncode == 0 and re.search(rf"there already\s+{gone}$", proof.stdout, re.M), f"{name}: and equals what was brought back", proof)
    expect(undone.returncode == 0 and s.content() == content, f"{name}: undo brings every value of every row back", undone)
    again = run(*words)
    expect(again.returncode == 0 and s.content() == content, f"{name}: a second undo changes nothing", again)
    return s


round_trip("trip.sqlite")
round_trip("trip_wal.sqlite", journal="wal")
round_trip("trip_integer.sqlite", integer_ids=True, copies=3)

# The first run records and removes nothing, whatever else it is told.
s = store("first.sqlite")
content, before = s.content(), s.bytes()
result, report = cleanup(s, "--grace", "0", "--max-removal", "1")
expect(result.returncode == 0 and report["baseline"] is True and s.bytes() == before, "the first run removes nothing", result)
expect("first run" in result.stdout, "and says so", result)

# An orphan waits for its grace period; the clock of the history is turned back instead of waiting.
result, report = cleanup(s, "--max-removal", "1")
expect(report["duplicates_removed"] == len(s.duplicates) and report["orphans_removed"] == 0, "orphans wait", result)
expect(report["waiting_grace"] == len(s.orphans) and "not known for 20 hours" in result.stdout, "and are said to", result)
history = sqlite3.connect(str(s.path) + ".upkeep/history.sqlite")
history.execute("UPDATE orphans SET first_seen = first_seen - 19 * 3600 * 1000000")
history.commit()
result, report = cleanup(s, "--max-removal", "1")
expect(report["orphans_removed"] == 0 and report["waiting_grace"] == len(s.orphans), "19 hours are not enough", result)
history.execute("UPDATE orphans SET first_seen = first_seen - 2 * 3600 * 1000000")
history.commit()
history.close()
result, report = cleanup(s, "--max-removal", "1")
expect(report["orphans_removed"] == len(s.orphans), "21 hours are", result)
expect(s.keys() & (s.duplicates | s.orphans) == set(), "now all are gone")

# Who stands for whom, by the ledger.
gone = sorted(s.duplicates)[0]
result = run("aliases", *s.options(False), gone)
witness = re.match(r'"(row \d+)" stands for', result.stdout)
expect(result.returncode == 0 and witness and witness.group(1) in s.keys() and f'stands for "{gone}"' in result.stdout, "aliases of a removed row", result)
result = run("aliases", *s.options(False), witness.group(1) if witness else "")
expect(f'stands for "{gone}"' in result.stdout, "aliases of its witness", result)
result = run("aliases", *s.options(False), "nobody at all")
expect(result.returncode == 0 and "nobody stands for" in result.stdout, "aliases of a stranger", result)

# Limits: exit code 3, and not one byte of the database is another.
for journal in ("delete", "wal"):
    s = store(f"limits_{journal}.sqlite", journal=journal)
    keeps_log = s.connect()  # an application that is running
    keeps_log.execute("UPDATE items SET amount = amount")
    keeps_log.commit()
    before = s.bytes()
    planned = len(s.duplicates | s.orphans)
    result, report = cleanup(s, *NOW)
    expect(result.returncode == 3 and report["aborted"]["reason"] == "safety_threshold", f"{journal}: the usual limit aborts", result)
    option = re.search(r"--max-removal (0\.\d+)", result.stdout)
    expect(option and float(option.group(1)) * s.rows >= planned, f"{journal}: the option that raises it is named", result)
    expect(s.bytes() == before, f"{journal}: no byte of the database changed")
    result, report = cleanup(s, *NOW, "--max-removal", "1", "--max-count", str(planned - 1))
    expect(result.returncode == 3 and report["aborted"]["reason"] == "count_limit", f"{journal}: a count aborts, whatever the share may be", result)
    expect(f"--max-count {planned}" in result.stdout and s.bytes() == before, f"{journal}: and names its own option", result)
    result, report = cleanup(s, *NOW, "--max-count", "100000")
    expect(result.returncode == 3 and s.bytes() == before, f"{journal}: a count lifts no share", result)

    # A rehearsal goes through all of it but the removals.
    result, report = cleanup(s, *NOW, "--max-removal", "1", "--dry-run")
    expect(result.returncode == 0 and report["dry_run"] is True and report["receipt"]["rows"] == planned, f"{journal}: a rehearsal writes its backup", result)
    expect(report["duplicates_removed"] == 0 and "dry run" in result.stdout and s.bytes() == before, f"{journal}: and removes nothing", result)
    keeps_log.close()

# A folder of sources that vanishes as a whole is not believed, until somebody says so.
s = store("folder.sqlite", orphans=0, groups=0)
database = s.connect()
database.execute("UPDATE items SET source = 'mail/2024/' || source WHERE rowid <= 12")
database.execute("UPDATE documents SET id = (SELECT source FROM items WHERE source LIKE '%/' || documents.id) WHERE id IN (SELECT substr(source, 11) FROM items)")
# Two of its rows are close to others and say something else, so that a person is asked.
for number, row in enumerate(("row 00001", "row 00002")):
    database.execute("UPDATE items SET vector = (SELECT vector FROM items WHERE id = ?), text = 'Another text.' WHERE id = ?", (f"row {100 + number:05d}", row))
database.commit()
LIMITS = ["--no-baseline", "--grace", "0", "--max-removal", "1", "--max-absence-rise", "1"]
result, report = cleanup(s, *LIMITS)
expect(report["absent_sources"] == 0 and report["review_pairs"] == 2, "all sources are there", result)
def page(*more):
    result = run("report", *s.options(), "--html", SCRATCH / "page.html", *more)
    expect(result.returncode == 0, f"a page with {more}", result)
    return html.unescape((SCRATCH / "page.html").read_text())


def asked(*more):
    result = run("review", *s.options(), "--json", *more)
    expect(result.returncode == 0, f"a review with {more}", result)
    return {json.loads(line)["removed"] for line in result.stdout.splitlines()}


WAYS = (["--container-separators", "/"], ["--container-separators", "."], ["--container-sources", "12"], ["--container-sources", "13"], ["--container-sources", "0"],
        ["--gone-container", "mail/2024"], ["--gone-container", "mail/2023", "--gone-container", "mail"])


def looks(there):
    for options in WAYS:
        expect(asked(*options) == there, f"a review asks about {there} with {options}: {asked(*options)}")
        text = page(*options)
        expect(("Another text." in text) == bool(there), f"and so does a page: {text}")


looks({"row 00100", "row 00101"})
database.execute("DELETE FROM documents WHERE id LIKE 'mail/%' OR id = 'alone 99'")
database.commit()
for night in range(2):
    result, report = cleanup(s, *LIMITS)
    expect(result.returncode == 0 and report["orphans_removed"] == (1 if night == 0 else 0) and report["in_refused_container"] == 12,
           f"a folder that is gone is kept, night {night}", result)
    expect("'mail'" in report["refused"] and "--gone-container" in result.stdout and "12 orphans kept in 1 container" in result.stdout, "and told", result)
# Who only looks is asked about none of its rows.
looks(set())
expect("no source is left in 'mail' (12 sources)" in page(), "the page of a report says which folder was kept")
for command in (["report", "--html", SCRATCH / "page.html"], ["review"]):
    result = run(command[0], *s.options(), *command[1:], "--container-sources", "-1")
    expect(result.returncode == 2 and one_sentence(result) and "--container-sources" in result.stderr, f"{command[0]} --container-sources -1 is refused", result)
result, report = cleanup(s, *LIMITS, "--container-separators", ".")
expect("refused" not in report and report["orphans_removed"] == 12, "names without such a separator lie in nothing", result)
run("undo", *s.options(sources=False), "--receipt", report["receipt"]["path"])
result, report = cleanup(s, *LIMITS, "--gone-container", "mail/2023", "--container-sources", "13")
expect(report["orphans_removed"] == 12, "a folder that is smaller than the limit says is not kept", result)
run("undo", *s.options(sources=False), "--receipt", report["receipt"]["path"])
result, report = cleanup(s, *LIMITS, "--gone-container", "mail/2024")
expect(report["orphans_removed"] == 12 and "refused" not in report, "a folder that is said to be gone goes", result)
database.close()
result = run("run", *s.options(), "--container-sources", "-1")
expect(result.returncode == 2 and one_sentence(result), "--container-sources -1 is refused", result)

# A sudden rise of absent sources aborts, again and again, until it is allowed.
s = store("spike.sqlite", orphans=0)
cleanup(s, *NOW, "--max-removal", "1")
connection = s.connect()
connection.execute("DELETE FROM documents WHERE id LIKE 'alone 1%'")
connection.commit()
connection.close()
for night in (1, 2):
    before = s.bytes()
    result, report = cleanup(s, *NOW, "--max-removal", "1")
    expect(result.returncode == 3 and report["aborted"]["reason"] == "absence_spike" and s.bytes() == before, f"spike, night {night}", result)
    expect("--max-absence-rise" in result.stdout, "the spike names its option", result)
result, report = cleanup(s, *NOW, "--max-removal", "1", "--max-absence-rise", "1")
expect(result.returncode == 0 and report["orphans_removed"] > 50, "an allowed spike", result)

# A plan that is written, read and carried out.
s = store("plan.sqlite")
content, before = s.content(), s.bytes()
plan = SCRATCH / "plan.jsonl"
result = run("plan", *s.options(), "--grace", "0", "--plan", plan, "--report", REPORT)
lines = [json.loads(line) for line in plan.read_text().splitlines()]
expect(result.returncode == 0 and s.bytes() == before, "a plan changes nothing", result)
expect(not Path(str(s.path) + ".upkeep").exists() and not Path(str(s.path) + ".upkeep.lock").exists(), "and leaves nothing beside the store")
expect({line["remove"] for line in lines[1:] if "remove" in line} == s.duplicates | s.orphans, "the plan names the rows")
expect(lines[0]["policies"]["duplicate_guard"] == "contained" and lines[0]["policies"]["orphan_oracle"] == "sql_oracle", "and the policies")
expect(all(line["witness"] in s.keys() - s.duplicates for line in lines[1:] if line.get("reason") == "duplicate"), "each with a witness that stays")
expect("would refuse" in result.stdout and "nightly_janitor" not in result.stdout.split("Next:")[0], "a plan beyond the limit is announced", result)
result = run("apply", *s.options(), "--plan", plan)
expect(result.returncode == 3 and s.content() == content, "apply holds the plan against the limits", result)
result = run("apply", *s.options(), "--plan", plan, "--max-removal", "0.2", "--report", REPORT)
expect(result.returncode == 0 and s.keys().isdisjoint(s.duplicates | s.orphans), "apply carries it out", result)
report = read_report(REPORT)
expect(report["phase"] == "apply" and report["duplicates_removed"] == len(s.duplicates), "and reports it")
result = run(*undo_command(result))
expect(s.content() == content, "and it can be undone", result)
result = run("apply", *store("other.sqlite").options(), "--plan", plan, "--max-removal", "1")
expect(result.returncode == 5 and one_sentence(result) and "plan.sqlite" in result.stderr, "a plan of another store is refused", result)
plan.write_text(plan.read_text().replace('"reason":"duplicate"', '"reason":"orphan"', 1))
result = run("apply", *s.options(), "--plan", plan, "--max-removal", "1")
expect(result.returncode == 5 and one_sentence(result) and s.content() == content, "an edited plan is refused", result)
result = run("run", *s.options(), "--phase", "detect", "--plan", plan)
expect(result.returncode == 0 and plan.read_text().startswith('{"upkeep_plan":1'), "run --plan writes the plan", result)

# A row that was changed after the plan stays; so does one whose witness was.
s = store("changed.sqlite")
run("plan", *s.options(), "--grace", "0", "--plan", plan)
changed = sorted(s.duplicates)[:3]
connection = s.connect()
connection.executemany("UPDATE items SET amount = amount + 1 WHERE id = ?", [(k,) for k in changed])
connection.commit()
connection.close()
result = run("apply", *s.options(), "--plan", plan, "--max-removal", "1", "--report", REPORT)
expect(result.returncode == 0 and set(changed) <= s.keys() and read_report(REPORT)["changed"] == 3, "changed rows stay", result)

# An undo that meets a key that is taken again leaves it alone and says so.
s = store("conflict.sqlite")
result, report = cleanup(s, *NOW, "--max-removal", "1")
taken = sorted(s.duplicates)[0]
connection = s.connect()
connection.execute("INSERT INTO items(id, text) VALUES (?, 'the application wrote this meanwhile')", (taken,))
connection.commit()
result = run(*undo_command(result))
expect(result.returncode == 0 and "left alone" in result.stdout and taken in result.stdout, "a conflict is reported", result)
text = connection.execute("SELECT text FROM items WHERE id = ?", (taken,)).fetchone()
connection.close()
expect(text == ("the application wrote this meanwhile",), "and the application's row stays")

# Policies: what is chosen is what happens, and what the report says.
s = store("policies.sqlite")
for guard, found, name in (("contained", 20, "contained"), ("same-words", 0, "same_words"), ("any", 20, "any_pair")):
    result = run("run", *s.options(), "--guard", guard, "--report", REPORT)
    report = read_report(REPORT)
    expect(report["duplicates_found"] == found and report["policies"]["duplicate_guard"] == name, f"--guard {guard}", result)
run("plan", *s.options(), "--guard", "any", "--keep", "oldest", "--plan", plan)
result = run("apply", *s.options(), "--plan", plan, "--dry-run", "--max-removal", "1", "--report", REPORT)
policies = read_report(REPORT)["policies"]
expect(policies["duplicate_guard"] == "any_pair" and policies["retention"] == "keep_oldest", "apply names the policies of the plan", result)
expect("similarity alone" in result.stdout, "and says when texts did not count", result)
listed = SCRATCH / "sources.txt"
listed.write_text("".join(f"group {g}\n" for g in range(20)))
result = run("run", *s.options(False), "--sources-file", listed, "--report", REPORT)
report = read_report(REPORT)
expect(report["orphans_found"] == 205 and report["policies"]["orphan_oracle"] == "set_oracle", "--sources-file", result)
other = SCRATCH / "documents.sqlite"
connection = sqlite3.connect(other)
connection.execute("CREATE TABLE files(path TEXT)")
connection.executemany("INSERT INTO files VALUES (?)", [(f"alone {a}",) for a in range(200)])
connection.commit()
connection.close()
result = run("run", *s.options(False), "--sources-database", other, "--sources-table", "files", "--sources-id-column", "path", "--report", REPORT)
expect(read_report(REPORT)["orphans_found"] == 45, "--sources-database", result)
result = run("run", *s.options(False), "--report", REPORT)
expect(read_report(REPORT)["orphans_found"] == 0 and "orphan" not in result.stdout, "without a list of sources nobody is an orphan", result)
backups = SCRATCH / "backups"
result, report = cleanup(s, *NOW, "--max-removal", "1", "--backup-dir", backups, "--batch", "7", "--threads", "1")
expect(result.returncode == 0 and Path(report["receipt"]["path"]).parent == backups, "--backup-dir", result)

finish()
