#!/usr/bin/env python3
"""The schedule: served, asked for by hand, paused, stopped, killed in the middle of a night, and told about."""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, one_sentence, require_program, run, store  # noqa: E402
from served import ask, listener, server  # noqa: E402

require_program()
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "0.5"]

# Before anybody served it.
s = store("night.sqlite")
result = ask("status", s)
expect(result.returncode == 0 and re.search(r"served by\s+nobody", result.stdout) and re.search(r"last ended\s+never", result.stdout),
       "the status of a store that nobody serves", result)
result = ask("history", s)
expect(result.returncode == 0 and "no night yet" in result.stdout, "the history of a store that nobody served", result)
expect(not Path(str(s.path) + ".upkeep").exists(), "looking makes no file")

# A night asked for by hand: the rows go, people are told once.
content, before = s.content(), s.keys()
result = ask("trigger", s)
expect(result.returncode == 0 and "nobody serves" in result.stdout, "asked for while nobody serves", result)
night = server(s, *NOW)
expect(night.waits_for("job_ended"), "the night that was asked for is carried out")
expect(before - s.keys() == s.duplicates | s.orphans, "the copies and the orphans went, and nothing else")
expect(night.said().count("notice: upkeep: cleanup done") == 1, "people are told once: " + night.said())
result = ask("status", s)
expect(re.search(r"served by\s+\S+:%d since" % night.process.pid, result.stdout) and "done" in result.stdout, "the status names the server", result)

# One server is enough.
result = run("serve", *s.options())
expect(result.returncode == 4 and one_sentence(result) and "served already by" in result.stderr, "a second server is refused", result)

# Paused; what is asked for by hand begins all the same.
result = ask("pause", s, "--reason", "a migration")
expect(result.returncode == 0, "pause", result)
result = ask("status", s)
expect("yes: a migration" in result.stdout, "the status says why it is paused", result)
expect("within a second" in ask("trigger", s).stdout and night.waits_for("job_ended", 2), "a second night is asked for while it is paused")
expect(ask("resume", s).returncode == 0 and re.search(r"paused\s+no", ask("status", s).stdout), "resume")
expect(night.stop() == 0 and night.said().endswith("stopped, as asked\n"), "SIGTERM stops the server")

result = ask("history", s, "--jobs", "5")
expect(result.stdout.count("manual  done") == 2 and "cleanup_vector_store completed: duplicates_removed 20, orphans_removed 5, receipt " in result.stdout,
       "the history tells what went", result)
receipt = re.search(r"receipt (\S+)", result.stdout).group(1)
expect(run("undo", *s.options(sources=False), "--receipt", receipt).returncode == 0 and s.content() == content, "undo brings all of it back")

# The first night records what is there, however much that is. The next one is beyond the limit: nothing is removed, the alert says why, and
# those who look later see it.
s = store("limit.sqlite")
content = s.content()
METRICS, REPORTED = SCRATCH / "limit.prom", SCRATCH / "limit.json"
ABORTED = r'^upkeep_janitor_aborts_total\{.*reason="safety_threshold"\} 1$'
ask("trigger", s)
night = server(s, "--max-removal", "0.01", "--metrics", METRICS, "--report", REPORTED)
expect(night.waits_for("job_ended") and s.content() == content, "the first night ends")
night.stop()
report = json.loads(REPORTED.read_text())
expect(report["baseline"] is True and report["status"] == "done" and " alert: " not in night.said(), f"as done: it recorded: {night.said()}")
expect("manual  done" in ask("history", s).stdout and not re.search(ABORTED, METRICS.read_text(), re.M), "and was refused for nothing")
ask("trigger", s)
night = server(s, "--grace", "0", "--max-removal", "0.01", "--metrics", METRICS, "--report", REPORTED)
expect(night.waits_for("job_ended"), "a night beyond the limit ends")
report = json.loads(REPORTED.read_text())
expect(report["phase"] == "log" and report["would_abort"] == "safety_threshold", f"what it saw is recorded: {report}")
expect(re.search(ABORTED, METRICS.read_text(), re.M), "and its refusal is counted")
expect(s.content() == content and " alert: upkeep: " in night.said() and "cleanup_vector_store" not in night.said(), "and removes nothing: " + night.said())
expect(night.stop() == 0 and "aborted (safety_threshold)" in ask("history", s).stdout, "and is aborted in the history")

# Killed again and again at some instant of its night: in the end all is as if it had not been.
s = store("killed.sqlite", groups=60, copies=3)
content, before = s.content(), s.keys()
slack = listener()
os.environ["UPKEEP_SLACK_WEBHOOK"] = f"http://127.0.0.1:{slack.port}/services/T0/B0/secret"
(SCRATCH / "audit.key").write_text("6b" * 32 + "\n")
(SCRATCH / "audit.key").chmod(0o600)
AUDIT = ["--audit-log", str(SCRATCH / "audit.jsonl"), "--audit-key", str(SCRATCH / "audit.key")]
ALL = [*NOW, "--batch", "1", *AUDIT, "--metrics", str(SCRATCH / "night.prom"), "--report", str(SCRATCH / "night.json")]
ask("trigger", s)
slack.silent.set()
for n in range(5):
    night = server(s, *ALL)
    if n < 2:
        night.waits_for(("analyze_vector_store", "backup_proven")[n])
    elif n < 4:  # between two of its batches
        rows = len(s.keys())
        while night.process.poll() is None and len(s.keys()) == rows:
            pass
    else:
        expect(slack.asked.wait(60), "people are told: " + night.said())
    night.kill()
expect(before - s.keys() == s.duplicates | s.orphans and slack.taken == [], "all went, and nobody could be told yet")
slack.silent.clear()
night = server(s, *ALL)
expect(night.waits_for("job_ended"), "the night that was killed comes to its end: " + night.said())
expect(night.stop() == 0 and before - s.keys() == s.duplicates | s.orphans, "and removed what it had to, and nothing else")
result = ask("history", s)
expect(result.stdout.count("manual  done") == 1 and "interrupted: the process ended within this step" in result.stdout, "the history says so", result)
expect(len(slack.taken) == 1 and slack.refused == 1, f"Slack has one message, after it was too busy for one: {slack.taken} {slack.refused}")
gone = len(s.duplicates | s.orphans)
counts = [int(n) for n in re.findall(r"(?:found|time), (\d+) removed|interrupted: (\d+) rows removed", slack.text()) for n in n if n]
expect(sum(counts) == gone, f"whose counts are those of the night: {slack.text()}")
result = run("verify-audit", "--audit-log", AUDIT[1], "--audit-key", AUDIT[3])
expect(result.returncode == 0, "the audit log holds", result)
lines = [json.loads(line) for line in Path(AUDIT[1]).read_text().splitlines()]
removing = {str(line["fields"]["key"]) for line in lines if line.get("event") == "removing_row"}
expect(removing == {str(k) for k in s.duplicates | s.orphans}, "and names every row that went")
told = dict(re.findall(r'^upkeep_janitor_removed_rows_total\{.*reason="(\w+)"\} (\d+)$', (SCRATCH / "night.prom").read_text(), re.M))
report = json.loads((SCRATCH / "night.json").read_text())
expect(told == {"duplicate": str(report["duplicates_removed"]), "orphan": str(report["orphans_removed"]),
                 "interrupted": str(report["interrupted_removed"])} and
       report["duplicates_removed"] + report["orphans_removed"] + report["interrupted_removed"] == gone,
       f"metrics and report agree: {told} {report}")
expect(os.environ["UPKEEP_SLACK_WEBHOOK"] not in night.log.read_text(), "the address of the webhook is in no log")

# Asked to stop while Slack wants to be left alone for a minute: it ends at once, and people are told after the restart.
s = store("stopped.sqlite")
slack = listener(retry_after=60)
os.environ["UPKEEP_SLACK_WEBHOOK"] = f"http://127.0.0.1:{slack.port}/services/T0/B0/secret"
ask("trigger", s)
night = server(s, *NOW)
expect(slack.asked.wait(60), "people are told: " + night.said())
begun = time.monotonic()
expect(night.stop() == 0 and time.monotonic() - begun < 20 and slack.taken == [], "a message under way does not hold up a stop: " + night.said())
expect("send_slack_notification interrupted" in ask("history", s).stdout, "the history says what was stopped")
night = server(s, *NOW)
expect(night.waits_for("job_ended") and night.stop() == 0, "the night goes on: " + night.said())
result = ask("history", s)
expect(len(slack.taken) == 1 and result.stdout.count("manual  done\n") == 1 and result.stdout.count("cleanup_vector_store completed") == 1,
       f"with the message, and with nothing else: {slack.taken}", result)
del os.environ["UPKEEP_SLACK_WEBHOOK"]

# A process that dies within a write leaves a journal, which nobody may look past: whoever serves the store rolls it back.
s = store("hot_journal.sqlite")
content, before = s.content(), s.keys()
subprocess.run([sys.executable, "-c", """import os, signal, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.executescript("PRAGMA cache_size = 1; BEGIN; DELETE FROM items WHERE rowid % 2 = 0; UPDATE items SET text = 'half written'")
os.kill(os.getpid(), signal.SIGKILL)""", str(s.path)])
journal = Path(str(s.path) + "-journal")
expect(journal.exists() and journal.read_bytes()[:8] == bytes.fromhex("d9d505f920a163d7"), "a hot journal is left")
result = run("run", *s.options(), "--phase", "detect")
expect(result.returncode != 0 and one_sentence(result) and journal.exists(), "who may not write says that it cannot look", result)
ask("trigger", s)
night = server(s, *NOW)
expect(night.waits_for("job_ended") and night.stop() == 0 and not journal.exists(), "the journal is rolled back")
expect(before - s.keys() == s.duplicates | s.orphans and "half written" not in str(s.content()), "and the night is as if nobody had died: " + night.said())

# Mistakes are one sentence.
for words, option in ((["--schedule", "0 25 * * *"], "field 2 (hour)"), (["--utc-offset", "CET"], "--utc-offset"), (["--overlap", "x"], "--overlap"),
                      (["--catch-up", "soon"], "--catch-up"), (["--jitter", "-1"], "--jitter")):
    result = run("serve", *s.options(), *words)
    expect(result.returncode == 2 and one_sentence(result) and option in result.stderr, f"{words} is refused", result)
result = ask("history", s, "--jobs", "0")
expect(result.returncode == 2 and one_sentence(result), "--jobs 0 is refused", result)
result = run("status", "--database", SCRATCH / "no.sqlite")
expect(result.returncode == 2 and one_sentence(result), "a database that is not there is refused", result)

finish()
