#!/usr/bin/env python3
"""What the program says to whom: quiet, logs for machines, hostile keys and texts, a store that is busy, and signals."""
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import (PROGRAM, SCRATCH, blob, expect, finish, json_lines, one_sentence, read_report, require_program, run,  # noqa: E402
                     store)

require_program()
REPORT = SCRATCH / "report.json"
ALL = ["--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1"]

# Quiet is quiet; a log is JSON, line by line, and tells of every removed row.
s = store("quiet.sqlite")
result = run("plan", *s.options(), "--quiet")
expect(result.returncode == 0 and result.stdout == "" and result.stderr == "", "plan --quiet", result)
result = run("run", *s.options(), "--phase", "cleanup", "--no-baseline", "--quiet")
expect(result.returncode == 3 and one_sentence(result) and "--max-removal" in result.stderr, "run --quiet that is aborted says so in one sentence", result)
result = run("run", *s.options(), "--phase", "cleanup", "--no-baseline", "--quiet", "--json-log")
expect(result.returncode == 3 and json_lines(result.stderr)[-1]["fields"]["status"] == "aborted", "or in the log", result)
result = run("run", *s.options(), *ALL, "--quiet", "--json-log")
events = json_lines(result.stderr)
expect(result.returncode == 0 and result.stdout == "", "run --quiet --json-log", result)
removed = {e["fields"]["key"].strip('"') for e in events if e["event"] == "row_removed"}
expect(removed == s.duplicates | s.orphans, "the log names every removed row")
expect({"run_started", "backup_proven", "run_finished"} <= {e["event"] for e in events}, "and the steps", result)
expect(all(set(e) <= {"time", "level", "event", "text", "fields"} for e in events), "in the log's form")
result = run("plan", *s.options(), "--json-log", "--vector-column", "nowhere")
expect(result.returncode == 2 and [e["event"] for e in json_lines(result.stderr)] == ["failed"], "a failure is a line of the log", result)

# Rows went, but the report cannot be written: the receipt is still named, and the run is a failure.
s = store("unwritten.sqlite")
content = s.content()
for quiet in ([], ["--quiet"]):
    shutil.rmtree(str(s.path) + ".upkeep", ignore_errors=True)
    report = "/proc/self/report.json"  # a directory in which no file can be made, whoever asks
    result = run("run", *s.options(), *ALL, *quiet, "--report", report)
    expect(result.returncode == 5 and "receipt.json" in result.stderr and "report.json" in result.stderr, f"an unwritten report {quiet}", result)
    expect(s.keys().isdisjoint(s.duplicates), "the rows went all the same")
    receipt = next(Path(str(s.path) + ".upkeep").glob("*.receipt.json"))
    run("undo", *s.options(False), "--receipt", receipt)
    expect(s.content() == content, "and came back")

# Nothing but text where no terminal is; at most 80 columns.
result = run("run", *s.options())
expect("\x1b" not in result.stdout + result.stderr and result.stderr == "", "no colours and no progress without a terminal", result)
expect(all(len(line) <= 80 for line in result.stdout.splitlines()), "80 columns", result)

# Keys and texts that would like to be something else.
hostile = ["it's", 'say "x"', "'; DROP TABLE items; --", "line\nbreak", "tab\tstop", "nul\x00byte", "\x1b[31mred", "\u202eright to left", "", "ünï ✓",
           b"\xff\xfe not utf-8", "a" * 300]
path = SCRATCH / "hostile.sqlite"
path.unlink(missing_ok=True)
connection = sqlite3.connect(path)
connection.execute('CREATE TABLE "odd ""table"(" id" TEXT PRIMARY KEY, "ve""ctor" BLOB, source TEXT, text TEXT)')
for number, key in enumerate(hostile):
    as_text = key.decode("latin-1") if isinstance(key, bytes) else key
    for copy in (0, 1):
        vector = [0.0] * len(hostile)
        vector[number] = 1.0 + copy
        # CAST keeps the bytes of a text that is no UTF-8.
        value = (key if isinstance(key, bytes) else key.encode()) + (b"" if copy == 0 else b" copy")
        connection.execute('INSERT INTO "odd ""table" VALUES (CAST(? AS TEXT), ?, ?, ?)',
                           (value, blob(vector), as_text, f"The text of {number}.\x1b[2J\n{as_text}"))
connection.commit()
query = 'SELECT rowid, CAST(" id" AS BLOB), "ve""ctor", CAST(source AS BLOB), CAST(text AS BLOB) FROM "odd ""table" ORDER BY rowid'
content = connection.execute(query).fetchall()
options = ["--database", path, "--table", 'odd "table', "--id-column", " id", "--vector-column", 've"ctor']
plan = SCRATCH / "hostile plan's.jsonl"
result = run("plan", *options, "--plan", plan)
expect(result.returncode == 0 and "\x1b" not in result.stdout, "hostile texts cannot reach the terminal", result)
planned = [json.loads(line) for line in plan.read_text().splitlines()][1:]
expect(len(planned) == len(hostile), "hostile keys are planned")
expect({"base64"} == {k for line in planned if isinstance(line["remove"], dict) for k in line["remove"]}, "bytes that are no UTF-8 are base64")
result = run("apply", *options, "--plan", plan, "--max-removal", "0.5", "--report", REPORT, "--json-log")
expect(result.returncode == 0 and len(connection.execute(query).fetchall()) == len(hostile), "hostile keys are removed", result)
json_lines(result.stderr)
result = run("undo", *options, "--receipt", read_report(REPORT)["receipt"]["path"])
expect(result.returncode == 0 and connection.execute(query).fetchall() == content, "and brought back", result)
connection.close()
result = run("aliases", *options, "it's")
expect(result.returncode == 0, "aliases of a hostile key", result)

# Busy: whoever holds the lock is named, nothing is done, and looking is still allowed.
s = store("busy.sqlite")
before = s.bytes()
with open(str(s.path) + ".upkeep.lock", "w+") as lock:
    F_OFD_SETLK = 37
    fcntl.fcntl(lock.fileno(), F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    lock.write("another-machine:42\n2026-01-02T03:04:05Z\n")
    lock.flush()
    plan = SCRATCH / "busy.jsonl"
    expect(run("plan", *s.options(), "--plan", plan).returncode == 0, "plan needs no lock")
    for what, arguments in {"cleanup": ["run", *s.options(), *ALL], "log": ["run", *s.options(), "--phase", "log"],
                            "apply": ["apply", *s.options(), "--plan", plan]}.items():
        result = run(*arguments)
        expect(result.returncode == 4 and one_sentence(result), f"{what}: busy is 4", result)
        expect("another-machine:42" in result.stderr and "2026-01-02T03:04:05Z" in result.stderr, f"{what}: owner and since are named", result)
    expect(s.bytes() == before, "nothing was changed while it was busy")
result = run("run", *s.options(), *ALL)
expect(result.returncode == 0, "free again", result)

# The application holds a write lock for longer than we wait: busy as well.
blocker = s.connect()
receipt = next(Path(str(s.path) + ".upkeep").glob("*.receipt.json"))
blocker.execute("BEGIN EXCLUSIVE")
result = run("undo", *s.options(False), "--receipt", receipt)
expect(result.returncode == 4 and one_sentence(result), "a database that is locked by its application is busy", result)
blocker.rollback()
blocker.close()


def interrupted(s, event, number, *arguments):
    """Runs the program and sends it a signal at the first event of this name."""
    with subprocess.Popen([PROGRAM, *map(str, arguments), "--json-log"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        seen = []
        for line in child.stderr:
            seen.append(line)
            if json.loads(line)["event"] == event and number is not None:
                child.send_signal(number)
                number = None
        output = child.stdout.read()
        return subprocess.CompletedProcess([], child.wait(timeout=60), output, "".join(seen))


# A signal before the first removal: cancelled, and nothing was changed.
s = store("signal.sqlite", groups=300, alone=9000)
before = s.bytes()
result = interrupted(s, "run_started", signal.SIGINT, "run", *s.options(), *ALL)
expect(result.returncode == 5 and s.bytes() == before, "SIGINT at the start", result)
expect("cancelled" in result.stderr, "is told as cancelled", result)

# In the middle of the removals: whole batches went, all of them in the backup, and the receipt is named.
content = s.content()
result = interrupted(s, "rows_removed", signal.SIGTERM, "run", *s.options(), *ALL, "--batch", "1", "--report", REPORT)
report = read_report(REPORT)
gone = report["duplicates_removed"] + report["orphans_removed"]
expect(result.returncode == 5 and report["status"] == "cancelled" and 0 < gone < 305, "SIGTERM while rows are removed", result)
expect(len(s.keys()) == s.rows - gone, "the report tells how many went")
result = run("undo", *s.options(False), "--receipt", report["receipt"]["path"])
expect(result.returncode == 0 and s.content() == content, "and they can be brought back", result)

finish()
