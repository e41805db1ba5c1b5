#!/usr/bin/env python3
"""The janitor on two real note vaults: refused with the usual limits, cleaned with a raised one, judged anew in Python, undone. TIMEOUT: 900"""
import hashlib
import json
import math
import random
import re
import shutil
import sqlite3
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, data_folder, expect, finish, read_report, require_program, run  # noqa: E402

require_program()
DATA = data_folder()
if DATA is None:
    sys.exit(77)

DATABASE, REPORT, PLAN = SCRATCH / "notes.sqlite", SCRATCH / "report.json", SCRATCH / "plan.jsonl"
result = run("import", "--vectors", DATA / "notes_bge-micro-v2_384.fvecs", "--records", DATA / "notes.jsonl", "--database", DATABASE,
             "--table", "notes", "--id-column", "key")
expect(result.returncode == 0, "the import", result)
records = [json.loads(line) for line in open(DATA / "notes.jsonl", encoding="utf-8")]
connection = sqlite3.connect(DATABASE)
connection.execute("CREATE TABLE catalogue(id TEXT PRIMARY KEY)")
connection.executemany("INSERT OR IGNORE INTO catalogue VALUES (?)", [(r["source"],) for r in records if not r["orphan"]])
connection.commit()


def table():
    """One digest for each row, over every value with its storage class."""
    digests = {}
    columns = [row[1] for row in connection.execute("PRAGMA table_info(notes)")]
    for row in connection.execute("SELECT key, rowid, " + ", ".join(f'typeof("{c}"), "{c}"' for c in columns) + " FROM notes"):
        digests[row[0]] = hashlib.sha256(repr(row[1:]).encode()).digest()
    return digests


def in_file():
    return hashlib.sha256(DATABASE.read_bytes()).hexdigest()


STORE = ["--database", DATABASE, "--table", "notes", "--id-column", "key", "--scope-column", "collection", "--created-column", "updated_at"]
CLEANUP = ["run", *STORE, "--sources-table", "catalogue", "--phase", "cleanup", "--report", REPORT]
original, bytes_before = table(), in_file()
expect(len(original) == 28053, "all rows were imported")
for name, position in (("text", 0), ("updated_at", 1)):
    stored = dict(connection.execute(f"SELECT key, {name} FROM notes"))
    expect(stored == {r["key"]: r[name] for r in records}, f"the column {name} holds what the file says")

# The first run, whatever it is allowed: looks and remembers.
result = run(*CLEANUP, "--grace", "0", "--max-removal", "1")
expect(result.returncode == 0 and read_report(REPORT)["baseline"] and in_file() == bytes_before, "a first run removes nothing", result)
shutil.rmtree(str(DATABASE) + ".upkeep")

# With the usual limits: refused, exit code 3, and no byte of the database is another.
result = run(*CLEANUP, "--no-baseline", "--grace", "0", "--plan", PLAN)
report = read_report(REPORT)
expect(result.returncode == 3 and report["aborted"]["reason"] == "safety_threshold", "the usual limits refuse", result)
expect(in_file() == bytes_before, "no byte of the database changed")
expect(report["pairs"] == 11900, f"11,900 pairs are close, not {report['pairs']}")
expect(report["orphans_found"] == 1700, f"1,700 rows are orphans, not {report['orphans_found']}")

# Where the vectors may not be held in memory, they are read where they are, and the plan is the same.
paged = SCRATCH / "paged.jsonl"
result = run(*CLEANUP, "--no-baseline", "--grace", "0", "--plan", paged, "--vector-memory", "1")
lines = [p.read_text(encoding="utf-8").splitlines()[1:-1] for p in (PLAN, paged)]
expect(result.returncode == 3 and len(lines[0]) > 11900 and lines[0] == lines[1], "the same plan in one MiB", result)

# The run that was refused remembers what it compared, for the next one; who only looks reads that, writes nothing, and plans the same.
SKETCHES = Path(str(DATABASE) + ".upkeep") / "sketches"
remembered = SKETCHES.read_bytes()
without = SCRATCH / "without.jsonl"
LOOK = ["plan", *STORE, "--sources-table", "catalogue", "--grace", "0"]
expect(run(*LOOK, "--plan", paged).returncode == 0 and SKETCHES.read_bytes() == remembered, "a look leaves what is remembered as it is")
SKETCHES.unlink()
expect(run(*LOOK, "--plan", without).returncode == 0 and not SKETCHES.exists(), "a look makes no such file")
lines = [p.read_text(encoding="utf-8").splitlines()[1:-1] for p in (PLAN, paged, without)]
expect(lines[0] == lines[1] == lines[2], "the plan is the same with what is remembered and without")
SKETCHES.write_bytes(remembered)

# With a raised limit: cleaned.
result = run(*CLEANUP, "--no-baseline", "--grace", "0", "--max-removal", "0.7", "--plan", PLAN)
report = read_report(REPORT)
expect(result.returncode == 0 and report["status"] == "done", "the raised limit lets it pass", result)
left = set(table())
print(f"removed: {report['duplicates_removed']} duplicates and {report['orphans_removed']} orphans of {report['rows']} rows, "
      f"{report['kb_reclaimed']:.0f} KB, in {report['total_seconds']:.1f} s; {report['review_pairs']} pairs for review")
print("seconds: " + ", ".join(f"{step} {seconds:.2f}" for step, seconds in report["seconds"].items()))
expect(report["orphans_removed"] == 1700, "every orphan went")
expect(abs(report["duplicates_removed"] - 10223) <= 5, f"about 10,223 duplicates went, not {report['duplicates_removed']}")
expect(len(left) == 28053 - report["duplicates_removed"] - report["orphans_removed"], "the counts are those of the table")

# Every removal judged anew: the witness is alive, close enough in double precision, and its text holds the removed one.
removals = [line for line in map(json.loads, PLAN.read_text(encoding="utf-8").splitlines()[1:]) if "remove" in line]
expect({r["remove"] for r in removals} == set(original) - left, "what went is what the plan says")
by_key = {r["key"]: r for r in records}
duplicates = [r for r in removals if r["reason"] == "duplicate"]
expect(all(by_key[r["remove"]]["orphan"] for r in removals if r["reason"] == "orphan"), "the orphans are those of the data")
expect(all(r["witness"] in left for r in duplicates), "every witness is alive")
expect(all(by_key[r["remove"]]["collection"] == by_key[r["witness"]]["collection"] for r in duplicates), "and of the same collection")
expect(not any(by_key[r["witness"]]["orphan"] for r in duplicates), "and no orphan")


def contained(part, whole):
    """The rule of the default guard, written anew: the words of `part` as one run of whole lines or sentences of `whole`."""
    if part is None or whole is None:
        return False
    tokens = re.findall(rb"[^ \t\n\v\f\r]+|[ \t\n\v\f\r]+", whole.encode())
    words, starts = [], []  # starts[i]: whether a boundary stands before word i
    boundary = True
    for token in tokens:
        if token[:1] in b" \t\n\v\f\r":
            boundary = boundary or b"\n" in token or b"\r" in token
        else:
            words.append(token)
            starts.append(boundary)
            boundary = token[-1:] in b".!?:;"
    starts.append(True)  # the end of the text
    wanted = re.findall(rb"[^ \t\n\v\f\r]+", part.encode())
    return bool(wanted) and any(words[i:i + len(wanted)] == wanted and starts[i] and starts[i + len(wanted)]
                                for i in range(len(words) - len(wanted) + 1))


expect(not contained("is safe", "This is safe."), "the reference refuses what begins in a sentence")
expect(contained("It is safe.", "Look: It is safe. Really"), "the reference accepts a whole sentence")
refused = [r for r in duplicates if not contained(by_key[r["remove"]]["text"], by_key[r["witness"]]["text"])]
expect(not refused, f"the guard, written anew, accepts every removal; it refuses {len(refused)}, such as {refused[:1]}")

vectors = {}
wanted = {k for r in duplicates for k in (r["remove"], r["witness"])}
with open(DATA / "notes_bge-micro-v2_384.fvecs", "rb") as file:
    for record in records:
        width, = struct.unpack("<i", file.read(4))
        data = file.read(4 * width)
        if record["key"] in wanted:
            vectors[record["key"]] = data


def cosine(a, b):
    x, y = (struct.unpack(f"<{len(v) // 4}f", v) for v in (vectors[a], vectors[b]))
    return math.fsum(p * q for p, q in zip(x, y)) / math.sqrt(math.fsum(p * p for p in x)) / math.sqrt(math.fsum(q * q for q in y))


sample = random.Random(1).sample(duplicates, min(2000, len(duplicates))) + sorted(duplicates, key=lambda r: r["score"])[:200]
scores = [(cosine(r["remove"], r["witness"]), r) for r in sample]
expect(min(score for score, _ in scores) >= 0.98, f"every pair of the sample is close enough: {min(scores, key=lambda s: s[0])}")
expect(max(abs(score - r["score"]) for score, r in scores) < 1e-12, "and has the score that the plan says")
print(f"judged anew: {len(duplicates)} texts, {len(sample)} cosines from {min(score for score, _ in scores):.6f}")

# A second night finds nothing more to remove by itself.
result = run(*CLEANUP, "--grace", "0")
report = read_report(REPORT)
expect(result.returncode == 0 and report["duplicates_removed"] == 0 and report["orphans_removed"] == 0, "a second night removes nothing", result)

# And back: every value of every row.
receipt = next(Path(str(DATABASE) + ".upkeep").glob("*.receipt.json"))
result = run("undo", *STORE, "--receipt", receipt)
expect(result.returncode == 0 and table() == original, "undo brings every value of every row back", result)
connection.close()
finish()
