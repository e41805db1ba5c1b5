#!/usr/bin/env python3
"""A night on a fast clock: the schedule fires, the oracle times out once, Slack is too busy once, the process is killed in the middle and comes
back. In the end there is one correct cleanup, one message, an audit log that holds, and metrics that agree with the report."""
import datetime
import json
import os
import re
import sqlite3
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, require_program, run, store  # noqa: E402
from served import ask, fast_clock, listener, server  # noqa: E402

require_program()

s = store("night.sqlite", groups=60, copies=3)
content, before, wanted = s.content(), s.keys(), s.duplicates | s.orphans
sources = sqlite3.connect(SCRATCH / "sources.sqlite", isolation_level=None)
sources.executescript(f"ATTACH '{s.path}' AS s; CREATE TABLE documents AS SELECT * FROM s.documents; DETACH s")
(SCRATCH / "key").write_text("6b" * 32 + "\n")
(SCRATCH / "key").chmod(0o600)
AUDIT = ["--audit-log", SCRATCH / "audit.jsonl", "--audit-key", SCRATCH / "key"]
ALL = ["--no-baseline", "--grace", "0", "--max-removal", "0.5", "--batch", "1", "--sources-database", SCRATCH / "sources.sqlite", *AUDIT,
       "--metrics", SCRATCH / "night.prom", "--report", SCRATCH / "night.json"]

# Half a minute before three: half a second for us.
slack = listener()
eve = int(datetime.datetime(2026, 1, 1, 2, 59, 30, tzinfo=datetime.timezone.utc).timestamp())
fast = {**os.environ, "LD_PRELOAD": fast_clock(), "UPKEEP_FAST_CLOCK": f"60 {time.time_ns() // 1000000} {eve}000",
        "UPKEEP_SLACK_WEBHOOK": f"http://127.0.0.1:{slack.port}/services/T0/B0/secret"}


def serve():
    return server(s, *ALL, schedule="0 3 * * *", environment=fast)


sources.execute("BEGIN EXCLUSIVE")  # the oracle waits until its time is over
night = serve()
expect(night.waits_for("step_failed"), "the oracle does not answer: " + night.said())
expect("database is locked" in night.said() and s.content() == content, "and nothing goes")
sources.execute("ROLLBACK")
rows = len(s.keys())
deadline = time.monotonic() + 60
while night.process.poll() is None and len(s.keys()) == rows and time.monotonic() < deadline:  # it tries again after its pause
    pass
night.kill()
expect(0 < len(before - s.keys()) < len(wanted), "killed between two batches")
night = serve()
expect(night.waits_for("job_ended") and night.stop() == 0, "the night comes to its end: " + night.said())

expect(before - s.keys() == wanted, "what had to go is gone, and nothing else")
result = ask("history", s)
expect(result.stdout.count("2026-01-01T03:00:00Z  ") == 1 and len(re.findall(r"^\S", result.stdout, re.M)) == 1 and "done" in result.stdout,
       "it was one night, the one that was due", result)
expect("analyze_vector_store failed" in result.stdout and "cleanup_vector_store interrupted" in result.stdout, "the history says what happened", result)
expect(len(slack.taken) == 1 and slack.refused == 1, f"one message, after Slack was too busy for one: {slack.taken}")
counts = [int(n) for n in re.findall(r"(?:found|time), (\d+) removed|interrupted: (\d+) rows removed", slack.text()) for n in n if n]
expect(sum(counts) == len(wanted), f"with the counts of the night: {slack.text()}")
result = run("verify-audit", *AUDIT)
expect(result.returncode == 0, "the audit log holds", result)
lines = [json.loads(line) for line in (SCRATCH / "audit.jsonl").read_text().splitlines()]
expect({str(line["fields"]["key"]) for line in lines if line.get("event") == "removing_row"} == wanted, "and names every row that went")
expect(all(line["time"].startswith("2026-01-01T0") for line in lines), "in the time of the clock that we gave it")
told = dict(re.findall(r'^upkeep_janitor_removed_rows_total\{.*reason="(\w+)"\} (\d+)$', (SCRATCH / "night.prom").read_text(), re.M))
report = json.loads((SCRATCH / "night.json").read_text())
expect(told == {"duplicate": str(report["duplicates_removed"]), "orphan": str(report["orphans_removed"]),
                 "interrupted": str(report["interrupted_removed"])} and
       report["duplicates_removed"] + report["orphans_removed"] + report["interrupted_removed"] == len(wanted),
       f"metrics and report agree: {told} {report}")

# Somebody sets the clock across three: an hour back, after the night; a day and half an hour forward; and an hour back again.
def set_clock(**distance):
    with open(SET, "r+b") as file:  # in its place: others look at it all the time
        file.write(struct.pack("<q", int(datetime.timedelta(**distance).total_seconds())))


SET = SCRATCH / "clock"
SET.write_bytes(bytes(8))
fast["UPKEEP_CLOCK_SET"] = str(SET)
slack.busy[0] = 0
night = serve()
expect(night.waits_for("serving"), "served again")
set_clock(hours=-1)
run("trigger", "--database", s.path, env=fast)  # noticed at once, and not in an hour
begun = time.monotonic()
expect(night.waits_for("job_ended") and time.monotonic() - begun < 20, "a night asked for when the clock was set back: " + night.said())
set_clock(days=1, minutes=27)
expect(night.waits_for("job_ended", 2), "the next night is due in between, and late: " + night.said())
expect(night.said().count("job_caught_up") == 1, "so it is caught up with")
for distance in (dict(days=1, minutes=-33), dict(days=1, minutes=27), dict(days=1, minutes=-33)):
    set_clock(**distance)
    time.sleep(0.3)  # looks at its clock many times
begun = time.monotonic()
expect(night.stop() == 0 and time.monotonic() - begun < 20, "asked to stop after that it does")
expect(night.said().count("job_ended") == 2 and ask("history", s).stdout.count("2026-01-02T03:00:00Z  ") == 1, "and no night came twice: " + night.said())

finish()
