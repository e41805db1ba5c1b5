#!/usr/bin/env python3
"""A table of a million sources that exist: the oracle reads it row by row, and memory does not follow it. The same for a store of a million rows
would be another matter: of these, each takes its place."""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, read_report, require_program, store  # noqa: E402

require_program()
BOUND = 24 << 10  # KiB


def peak(s, *more):
    """The most memory that a run had, in KiB, and its report."""
    report = SCRATCH / "report.json"
    words = [PROGRAM, "run", *map(str, s.options()), "--phase", "cleanup", "--dry-run", "--no-baseline", "--grace", "0", "--max-removal", "1",
             "--report", str(report), "--quiet", *map(str, more)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    expect(status == 0, f"{words} ends well: {status}")
    return usage.ru_maxrss, read_report(report)


s = store("million.sqlite", groups=20, orphans=5, alone=100)
for kind, declared in (("an index", "TEXT PRIMARY KEY"), ("no index", "TEXT")):
    seen = []
    for count in (1_000, 1_000_000):
        path = SCRATCH / "sources.sqlite"
        path.unlink(missing_ok=True)
        database = s.connect()
        database.execute("ATTACH ? AS o", (str(path),))
        database.executescript(f"PRAGMA o.journal_mode = off; PRAGMA o.synchronous = off; CREATE TABLE o.documents(id {declared});"
                               "INSERT INTO o.documents SELECT id FROM main.documents;"
                               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + str(count) + ")"
                               "INSERT INTO o.documents SELECT printf('somewhere/%07d', i) FROM n")
        database.close()
        memory, report = peak(s, "--sources-database", path)
        expect(report["orphans_found"] == 5 and report["sources"] == 125, f"{kind}, {count}: the answers are right: {report}")
        seen.append(memory)
    print(f"{kind}: {seen[0] >> 10} MiB with a thousand sources, {seen[1] >> 10} MiB with a million")
    expect(seen[1] < seen[0] + BOUND, f"{kind}: memory stays: {seen}")

# The same as a file: what is held are the ids that the store names, or all of them; said either way.
file = SCRATCH / "sources.txt"
database = s.connect()
names = [row[0] for row in database.execute("SELECT id FROM documents")]
database.close()
with open(file, "w") as out:
    out.writelines(name + "\n" for name in names)
    out.writelines(f"somewhere/{i:07d}\n" for i in range(1_000_000))
s.options = lambda sources=True: ["--database", s.path, "--table", "items", "--sources-file", file]
memory, report = peak(s)
print(f"a file: {memory >> 10} MiB with a million")
expect(report["orphans_found"] == 5, f"the answers are right: {report}")
expect(memory < seen[0] + (200 << 10), f"200 bytes for each id of a file at most: {memory}")

finish()
