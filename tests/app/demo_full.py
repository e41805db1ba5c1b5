#!/usr/bin/env python3
"""The demo at full size, over every package that this machine knows: what it shows is what its files hold, every removal was right, and the undo
brought all of it back. LABELS: long"""
import json
import os
import re
import sqlite3
import struct
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, read_report, require_program, run  # noqa: E402

require_program()
LISTS = any(Path("/var/lib/apt/lists").glob("*_Packages*"))
if not LISTS and not Path("/var/lib/dpkg/status").exists():
    print("skipped: this machine has no Debian packages")
    sys.exit(77)

result = run("demo", "--directory", SCRATCH / "demo", env=dict(os.environ, NO_COLOR="1"), timeout=1500)
if not expect(result.returncode == 0 and result.stderr == "", "the demo ends well", result):
    finish()
screen = result.stdout


def number(pattern, text=screen):
    """The number that the pattern catches, which is there."""
    found = re.search(pattern, text, re.M)
    return int(found.group(1).replace(",", "")) if expect(found, f"the screen shows '{pattern}'") else -1


steps = re.split(r"^\d\. ", screen, flags=re.M)
expect(len(steps) == 6, f"five steps: {len(steps) - 1}")
store, first, second, third, undone = steps[1:6]
database = sqlite3.connect(SCRATCH / "demo/store.db")


def count(sql):
    return database.execute(sql).fetchone()[0]


# The store: what stands on the screen is in the tables.
rows, sources = number(r"table packages +([\d,]+) rows"), number(r"table catalogue +([\d,]+) sources")
gone = number(r"sources; ([\d,]+) are gone")
expect(rows == number(r"descriptions of ([\d,]+) packages") and rows > 0, "the rows are the packages")
if LISTS:
    expect(rows > 4000, f"package lists hold tens of thousands of packages, not {rows}")
expect(rows == count("SELECT count(*) FROM packages"), "after the undo there are as many rows as in the beginning")
expect(sources == count("SELECT count(*) FROM catalogue"), "sources of the catalogue")
orphans = {key for key, in database.execute("SELECT id FROM packages WHERE source NOT IN (SELECT id FROM catalogue)")}
expect(gone == len(orphans) and gone == rows - sources, f"{gone} are gone, {len(orphans)} have no source")
expect(count("PRAGMA integrity_check") == "ok", "the database is sound")

# The plan: all orphans, and of rows that say the same all but one; each duplicate beside a witness that stays, is close, and says as much.
plan = [json.loads(line) for line in (SCRATCH / "demo/plan.jsonl").read_text().splitlines()]
removals = [line for line in plan[1:] if "remove" in line]
duplicates = {line["remove"]: line["witness"] for line in removals if line["reason"] == "duplicate"}
planned = {line["remove"] for line in removals}
expect(len(planned) == len(removals) == plan[0]["removals"], "the plan names each row once")
expect({line["remove"] for line in removals if line["reason"] == "orphan"} == orphans, "the orphans of the plan are those without a source")
everything = {key: (text or "", vector) for key, text, vector in database.execute("SELECT id, text, vector FROM packages")}


def cosine(a, b):
    x, y = (struct.unpack(f"<{len(v) // 4}f", v) for v in (a, b))
    return sum(p * q for p, q in zip(x, y)) / (sum(p * p for p in x) * sum(q * q for q in y)) ** .5


wrong = []
for removed, witness in duplicates.items():
    (text, vector), (kept, other) = everything[removed], everything[witness]
    said, more = text.split(), kept.split()
    stands = any(more[i:i + len(said)] == said for i in range(len(more) - len(said) + 1))
    if witness in planned or not said or not stands or cosine(vector, other) < .98 - 1e-9:
        wrong.append((removed, witness))
expect(not wrong, f"every witness stays, is close and says what the removed row says: {wrong[:3]}")
same = defaultdict(list)
for key, (text, _) in everything.items():
    if key not in orphans and text.split():
        same[" ".join(text.split())].append(key)
left = [keys for keys in same.values() if len(keys) > 1 and len([k for k in keys if k not in planned]) > 1]
expect(not left and any(len(keys) > 1 for keys in same.values()), f"of rows that say the same, one is left: {left[:3]}")

# The nights: each number on the screen is that of the plan, of the report, and of the history.
for night, what in ((first, "first"), (second, "second")):
    expect(number(r"^  rows +([\d,]+)$", night) == rows, f"the {what} night saw all rows")
    expect(number(r"duplicates +([\d,]+) found", night) == len(duplicates), f"the {what} night found the duplicates of the plan")
    expect(number(r"orphans +([\d,]+) found", night) == gone, f"the {what} night found the orphans")
    expect(number(r"sources +([\d,]+),", night) == rows and number(r"sources +[\d,]+, ([\d,]+) of them gone", night) == gone, f"the {what} night asked for all sources")
expect(number(r"([\d,]+) of them not known for 20 hours", first) == gone, "in the first night every orphan waits")
refused = re.search(r"(\d+) of (\d+) rows \(([\d.]+) %\) are planned", " ".join(second.split()))
expect(refused and (int(refused[1]), int(refused[2])) == (len(planned), rows) and abs(float(refused[3]) - 100 * len(planned) / rows) < .006, "the refusal counts right")
report = read_report(SCRATCH / "demo/report.json")
for what, pattern, value in (("rows", r"^  rows +([\d,]+)$", rows), ("duplicates_found", r"duplicates +([\d,]+) planned", len(duplicates)),
                             ("duplicates_removed", r"planned, ([\d,]+) removed\n +orphans", len(duplicates)), ("orphans_found", r"orphans +([\d,]+) planned", gone),
                             ("orphans_removed", r"orphans +[\d,]+ planned, ([\d,]+) removed", gone), ("review_pairs", r"for a person +([\d,]+) pairs", None)):
    expect(number(pattern, third) == report[what] and value in (None, report[what]), f"{what}: screen, plan and report agree")
expect(report["receipt"]["rows"] == len(planned) == number(r"backup +([\d,]+) rows", third), "the receipt counts all that went")
history = sqlite3.connect(SCRATCH / "demo/store.db.upkeep/history.sqlite")
runs = history.execute("SELECT phase, status, report FROM runs ORDER BY sequence").fetchall()
expect([run[:2] for run in runs] == [("cleanup", "done"), ("cleanup", "aborted"), ("apply", "done"), ("undo", "done")], f"the history: {[run[:2] for run in runs]}")
expect([json.loads(run[2])["orphans_removed"] for run in runs[:3]] == [0, 0, gone], "by the history, only the third run removed orphans")
expect(history.execute("SELECT count(*) FROM ledger").fetchone()[0] == 0, "nobody stands for a row that is back")

# The undo: every row of the backup is in the table again, value by value, and the table is what it was.
expect(number(r"in the backup +([\d,]+) rows", undone) == number(r"brought back +([\d,]+)", undone) == len(planned), "all rows came back")
database.execute("ATTACH ? AS backup", (report["receipt"]["backup"],))
columns = [name for name, in database.execute("SELECT name FROM backup.saved_columns ORDER BY position")]
expect(columns == [row[1] for row in database.execute("PRAGMA table_info(packages)")], f"the backup has every column: {columns}")
saved, live = (", ".join(f"typeof({c}), {c}" for c in names) for names in ([f"c{i}" for i in range(len(columns))], columns))
expect(count("SELECT count(*) FROM backup.saved_rows") == len(planned), "the backup holds all that went")
expect(count(f"SELECT count(*) FROM (SELECT {saved} FROM backup.saved_rows EXCEPT SELECT {live} FROM packages)") == 0, "and every value of them is in the table")
expect({key for key, in database.execute(f"SELECT c{columns.index('id')} FROM backup.saved_rows")} == planned, "and they are those of the plan")
digests = re.findall(r"digest +([0-9a-f]{16})", screen)
expect(len(digests) == 3 and len(set(digests)) == 1, f"one digest before, in between and after: {digests}")
finish()
