#!/usr/bin/env python3
"""Texts of 200 MB in a table of small ones: the run goes through, memory stays within some copies of one, and a removed one comes back."""
# LABELS: long
# TIMEOUT: 600
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, near, blob, read_report, require_program, store  # noqa: E402

require_program()
SIZE = 200_000_000
REPORT = SCRATCH / "report.json"


def peak(*words):
    """The most memory that the program had, in bytes."""
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    expect(status == 0, f"{words} ends well: {status}")
    return usage.ru_maxrss << 10


s = store("huge.sqlite", groups=5, orphans=0, alone=50)
database = sqlite3.connect(s.path)
huge = ("0123456789 and so on. " * (SIZE // 22 + 1))[:SIZE - 1] + "."
base = [float(i % 3) for i in range(16)]
database.execute("INSERT INTO items(id, vector, source, text) VALUES ('huge', ?, 'group 1', ?)", (blob(base), huge))
database.execute("INSERT INTO items(id, vector, source, text) VALUES ('small', ?, 'group 1', '0123456789 and so on.')", (blob(near(base, 1)),))
database.execute("INSERT INTO items(id, vector, source, text) VALUES ('huge orphan', ?, 'gone', ?)", (blob([float(i % 5) for i in range(16)]), huge))
database.commit()
most = peak("run", *s.options(), "--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1", "--report", REPORT, "--quiet")
report = read_report(REPORT)
print(f"cleanup: {most / SIZE:.1f} times the text")
expect(report["status"] == "done" and report["orphans_removed"] == 1 and report["duplicates_removed"] == len(s.duplicates) + 1, f"all is done: {report}")
expect(s.keys() >= {"huge"} and not s.keys() & {"small", "huge orphan"}, "what had to go is gone")
expect(most < 6 * SIZE, f"memory is some copies of one text: {most}")
most = peak("undo", *s.options(sources=False), "--receipt", report["receipt"]["path"])
print(f"undo: {most / SIZE:.1f} times the text")
expect(most < 6 * SIZE, f"so is that of an undo: {most}")
expect(database.execute("SELECT text = ? FROM items WHERE id = 'huge orphan'", (huge,)).fetchone() == (1,), "the text is back, whole")
database.close()

finish()
