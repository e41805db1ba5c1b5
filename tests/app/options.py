#!/usr/bin/env python3
"""Options that decide which rows go: on a store written by hand, each value of each option removes exactly the rows it should."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, blob, expect, finish, json_lines, one_sentence, read_report, require_program, run  # noqa: E402
import sqlite3  # noqa: E402

require_program()
DIMENSION = 16
NOW = ["--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1"]
# None of these names is the usual one: without its option, a column is none of the janitor's business.
COLUMNS = ["tenant", "maker", "made", "changed", "held"]


def direction(number):
    """Unit vectors, one at right angles to the other."""
    return [1.0 if i == number else 0.0 for i in range(DIMENSION)]


def leaning(base, towards, cosine):
    """A unit vector with exactly this cosine to axis `base`, and none to any other axis but `towards`."""
    vector = direction(base)
    vector[base], vector[towards] = cosine, (1 - cosine * cosine) ** 0.5
    return vector


class table:
    """A store of rows (id, vector, text, further columns by name), written anew for every run."""

    def __init__(self, name, rows, trigger=""):
        self.path, self.rows, self.trigger = SCRATCH / name, rows, trigger

    def write(self):
        for old in SCRATCH.glob(self.path.name + "*"):
            if old.is_file():
                old.unlink()
            else:
                for part in old.iterdir():
                    part.unlink()
                old.rmdir()
        connection = sqlite3.connect(self.path)
        connection.execute("CREATE TABLE records(id INTEGER PRIMARY KEY, vector BLOB, text TEXT, tenant TEXT, maker TEXT, made INTEGER, "
                           "changed INTEGER, held INTEGER)")
        for key, vector, text, more in self.rows:
            connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                               (key, blob(vector), text, *(more.get(name) for name in COLUMNS)))
        connection.execute(self.trigger)
        connection.commit()
        connection.close()

    def keys(self):
        connection = sqlite3.connect(self.path)
        keys = {key for key, in connection.execute("SELECT id FROM records")}
        connection.close()
        return keys

    def cleanup(self, *options):
        """The ids that a cleanup of the store as it was written takes, and how it ended."""
        self.write()
        before = self.keys()
        result = run("run", "--database", self.path, *NOW, *options)
        return before - self.keys(), result

    def removes(self, gone, *options):
        taken, result = self.cleanup(*options)
        expect(result.returncode == 0 and taken == gone, f"{self.path.name}: {' '.join(options) or 'no option'} removes {gone}, not {taken}", result)


# Of three rows, the first says what the others say and more; they were made, and changed, in other orders.
s = table("keep.sqlite", [(1, direction(0), "The first sentence. The second.", {"made": 200, "changed": 20}),
                          (2, leaning(0, 1, .999), "The first sentence.", {"made": 100, "changed": 30}),
                          (3, leaning(0, 2, .999), "The first sentence.", {"made": 300, "changed": 10})])
s.removes({2, 3})
s.removes({2, 3}, "--keep", "fullest", "--created-column", "made")
s.removes({3}, "--keep", "oldest", "--created-column", "made")
s.removes({2}, "--keep", "newest", "--created-column", "made")
s.removes({2}, "--keep", "oldest", "--created-column", "changed")
s.removes({3}, "--keep", "newest", "--created-column", "changed")
s.removes({1, 3}, "--keep", "oldest", "--created-column", "made", "--guard", "any")
s.removes({1, 2}, "--keep", "newest", "--created-column", "made", "--guard", "any")
taken, result = s.cleanup("--keep", "longest")
expect(result.returncode == 2 and one_sentence(result) and not taken, "--keep longest is refused", result)
taken, result = s.cleanup("--created-column", "nothing")
expect(result.returncode != 0 and one_sentence(result) and "nothing" in result.stderr and not taken, "a column that is not there is refused", result)

# One row and four that are close to it: a part of it, the same words, the same numbers, and a negation.
s = table("guard.sqlite", [(11, direction(0), "Heading 5.\nThe lamp is green today.", {}),
                           (12, leaning(0, 1, .995), "The lamp is green today.", {}),
                           (13, leaning(0, 2, .995), "Heading 5. The lamp is green today.", {}),
                           (14, leaning(0, 3, .995), "Topic 5. The light is red today.", {}),
                           (15, leaning(0, 4, .995), "Topic 5. It is not red today.", {})])
s.removes({12, 13})
s.removes({12, 13}, "--guard", "contained")
s.removes({13}, "--guard", "same-words")
s.removes({13, 14}, "--guard", "digits")
s.removes({12, 13, 14, 15}, "--guard", "any")

# Three rows at known cosines to the first.
s = table("threshold.sqlite", [(21, direction(0), "The same words, and more.\nThe same words.", {})] +
          [(22 + i, leaning(0, 1 + i, cosine), "The same words.", {}) for i, cosine in enumerate((.995, .985, .97))])
s.removes({22, 23})
s.removes({22}, "--threshold", "0.99")
s.removes({22, 23}, "--threshold", "0.98")
s.removes({22, 23, 24}, "--threshold", "0.965")
s.removes(set(), "--threshold", "0.9951")

# Of each group the first is the fullest; one other row has its tenant, one its maker, one is held.
others = [{"tenant": "b", "maker": "x", "held": 0}, {"tenant": "a", "maker": "y", "held": 0}, {"tenant": "a", "maker": "x", "held": 1}]
s = table("columns.sqlite", [(31, direction(0), "The first sentence. The second.", {"tenant": "a", "maker": "x", "held": 0})] +
          [(32 + i, leaning(0, 1 + i, .999), "The first sentence.", more) for i, more in enumerate(others)])
s.removes({32, 33, 34})
s.removes({33, 34}, "--scope-column", "tenant")
s.removes({32, 34}, "--model-column", "maker")
s.removes({32, 33}, "--pinned-column", "held")
s.removes({34}, "--scope-column", "tenant", "--model-column", "maker")
s.removes(set(), "--scope-column", "tenant", "--model-column", "maker", "--pinned-column", "held")
s.removes(set(), "--scope-column", "maker", "--model-column", "tenant", "--pinned-column", "held")
# What is held stands for others, whatever else is fuller.
s = table("held.sqlite", [(41, direction(0), "The first sentence. The second.", {"held": 0}), (42, leaning(0, 1, .999), "The first sentence.", {"held": 1}),
                          (43, leaning(0, 2, .999), "The first sentence. The second.", {"held": 0})])
s.removes({42, 43})
s.removes({43}, "--pinned-column", "held")
s.removes({41, 43}, "--pinned-column", "held", "--guard", "any")

# A count is met exactly; one row beyond it, and nothing goes.
ROWS = [(51, direction(0), "The first sentence. The second.", {})] + [(52 + i, leaning(0, 1 + i, .999), "The first sentence.", {}) for i in range(7)]
s = table("count.sqlite", ROWS)
s.removes(set(range(52, 59)), "--max-count", "7")
for count in ("6", "1", "0"):
    taken, result = s.cleanup("--max-count", count)
    expect(result.returncode == 3 and taken == set() and "--max-count 7" in result.stdout, f"--max-count {count} lets no row go", result)

# Batches: each is one transaction, so that a row which the application does not let go keeps back those of its own batch only.
REPORT = SCRATCH / "report.json"
s = table("batch.sqlite", ROWS)
for batch, sizes in (("1", [1] * 7), ("3", [3, 3, 1]), ("7", [7]), ("200", [7])):
    taken, result = s.cleanup("--batch", batch, "--json-log")
    events = json_lines(result.stderr)
    expect(taken == set(range(52, 59)) and [e["fields"]["rows"] for e in events if e["event"] == "rows_removed"] == sizes, f"--batch {batch}: {sizes}", result)
s = table("held_back.sqlite", ROWS, "CREATE TRIGGER holds BEFORE DELETE ON records WHEN old.id = 57 BEGIN SELECT RAISE(ABORT, 'is in use'); END")
for batch, gone in (("1", {52, 53, 54, 55, 56}), ("2", {52, 53, 54, 55}), ("3", {52, 53, 54}), ("200", set())):
    taken, result = s.cleanup("--batch", batch, "--report", str(REPORT))
    report = read_report(REPORT)
    expect(result.returncode not in (0, 2) and taken == gone and report["status"] == "failed" and "is in use" in report["error"]
           and report["duplicates_removed"] == len(gone), f"--batch {batch}: {gone} went before the row that may not go, not {taken}", result)

finish()
