#!/usr/bin/env python3
"""Mistakes on the command line: one sentence that names the mistake, exit code 2, and nothing is changed."""
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, blob, expect, finish, one_sentence, require_program, run, store  # noqa: E402

require_program()
s = store("usage.sqlite")
before = s.bytes()
plan = ["plan", *s.options()]
good = run(*plan)
expect(good.returncode == 0, "the store that all cases below start from is in order", good)

cases = {
    "no subcommand": ([], "subcommand"),
    "an unknown subcommand": (["frobnicate"], "frobnicate"),
    "an unknown option": ([*plan, "--bogus"], "--bogus"),
    "an option of another subcommand": (["undo", "--database", s.path, "--receipt", "x", "--threshold", "0.9"], "--threshold"),
    "no database": (["plan", "--table", "items"], "--database"),
    "an option without its value": ([*plan, "--threshold"], "--threshold"),
    "a word for a number": ([*plan, "--threshold", "high"], "high"),
    "a threshold in per cent": ([*plan, "--threshold", "98"], "98"),
    "a negative threshold": ([*plan, "--threshold", "-1"], "-1"),
    "a threshold of zero": ([*plan, "--threshold", "0"], "--threshold"),
    "a threshold that is no number": ([*plan, "--threshold", "nan"], "--threshold"),
    "an unknown guard": ([*plan, "--guard", "none"], "same-words"),
    "an unknown retention": ([*plan, "--keep", "best"], "newest"),
    "an unknown phase": (["run", *s.options(), "--phase", "clean"], "cleanup"),
    "a limit in per cent": ([*plan, "--max-removal", "5"], "--max-removal"),
    "a negative limit": ([*plan, "--max-removal", "-0.1"], "--max-removal"),
    "a negative count": ([*plan, "--max-count", "-3"], "--max-count"),
    "a batch of none": (["run", *s.options(), "--batch", "0"], "--batch"),
    "no memory for vectors": (["run", *s.options(), "--vector-memory", "0"], "--vector-memory"),
    "a batch too large": (["run", *s.options(), "--batch", "201"], "--batch"),
    "a grace without unit": ([*plan, "--grace", "20"], "20h"),
    "a grace with an unknown unit": ([*plan, "--grace", "2w"], "2w"),
    "a negative grace": ([*plan, "--grace", "-1h"], "-1h"),
    "a missing database": (["plan", "--database", SCRATCH / "missing.sqlite"], "missing.sqlite"),
    "a directory as database": (["plan", "--database", SCRATCH], "directory"),
    "a missing table": (["plan", "--database", s.path, "--table", "item"], "item"),
    "a missing id column": ([*plan, "--id-column", "key"], "amount"),
    "a missing vector column": ([*plan, "--vector-column", "embedding"], "embedding"),
    "a missing text column": ([*plan, "--text-column", "body"], "body"),
    "a missing sources table": (["plan", *s.options(False), "--sources-table", "sources"], "sources"),
    "a missing sources column": ([*plan, "--sources-id-column", "path"], "path"),
    "a missing sources database": ([*plan, "--sources-database", SCRATCH / "other.sqlite"], "other.sqlite"),
    "a sources database without a table": (["plan", *s.options(False), "--sources-database", s.path], "--sources-table"),
    "a missing sources file": (["plan", *s.options(False), "--sources-file", SCRATCH / "sources.txt"], "sources.txt"),
    "two lists of sources": ([*plan, "--sources-file", s.path], "--sources-file"),
    "a source column that is declared to be none": ([*plan, "--source-column="], "source"),
    "an option whose value is missing": (["plan", "--database", s.path, "--scope-column", "--table", "items"], "'--table' stands in its place"),
    "a flag where a value belongs": ([*plan, "--text-column=--quiet"], "--text-column: a value is missing"),
    "a table without a name": (["plan", "--database", s.path, "--table="], "name is empty"),
    "a report in no directory": ([*plan, "--report", SCRATCH / "none" / "report.json"], "none"),
    "a plan in no directory": ([*plan, "--plan", SCRATCH / "none" / "plan.jsonl"], "none"),
    "apply without a plan": (["apply", *s.options()], "--plan"),
    "apply with a missing plan": (["apply", *s.options(), "--plan", SCRATCH / "missing.jsonl"], "missing.jsonl"),
    "undo without a receipt": (["undo", *s.options(False)], "--receipt"),
    "undo with a missing receipt": (["undo", *s.options(False), "--receipt", SCRATCH / "missing.json"], "missing.json"),
    "aliases of nobody": (["aliases", *s.options(False)], "key"),
    "an import without records": (["import", "--vectors", s.path, "--database", s.path], "--records"),
}
result = run("plan", "--scope-column=", *s.options())
expect(result.returncode == 0, "a column that is declared to be none takes no other option's place", result)
for what, (arguments, word) in cases.items():
    result = run(*arguments)
    expect(result.returncode == 2, f"{what}: exit code 2", result)
    expect(one_sentence(result), f"{what}: one sentence", result)
    expect(word in result.stderr, f"{what}: the sentence says '{word}'", result)

empty = SCRATCH / "empty.txt"
empty.write_text("\n\n")
result = run("plan", *s.options(False), "--sources-file", empty)
expect(result.returncode == 2 and one_sentence(result) and "orphan" in result.stderr, "a list without sources is refused", result)

mixed = SCRATCH / "mixed.sqlite"
connection = sqlite3.connect(mixed)
connection.execute("CREATE TABLE items(id INTEGER PRIMARY KEY, vector BLOB)")
connection.executemany("INSERT INTO items(vector) VALUES (?)", [(blob([1.0] * width),) for width in (3, 3, 5)])
connection.commit()
connection.close()
result = run("plan", "--database", mixed, "--table", "items")
expect(result.returncode == 2 and one_sentence(result) and "mixed widths" in result.stderr, "mixed widths are refused", result)

broken = SCRATCH / "broken.sqlite"
broken.write_bytes(b"this is no database, but it is long enough to be taken for one" * 100)
result = run("plan", "--database", broken, "--table", "items")
expect(result.returncode == 5 and one_sentence(result), "a file that is no database is a failure in one sentence", result)

for arguments in (["--help"], ["run", "--help"], ["--version"]):
    result = run(*arguments)
    expect(result.returncode == 0 and result.stdout and not result.stderr, f"{arguments} is answered on standard output", result)

expect(s.bytes() == before, "nothing was changed")
expect(not Path(str(s.path) + ".upkeep").exists(), "nothing was remembered")
finish()
