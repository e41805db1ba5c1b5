#!/usr/bin/env python3
"""The schedule: served, asked for by hand, paused, stopped, killed in the middle of a night, and told about."""
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, one_sentence, require_program, run, store  # noqa: E402

require_program()
NEVER = ["--schedule", "0 0 29 2 *"]  # so that only what is asked for by hand begins
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "0.5"]


class server:
    """`nightly_janitor serve` in a process of its own; its words are kept in a file."""

    def __init__(self, s, *more):
        self.log = SCRATCH / f"{s.path.name}.log"
        self.begin = self.log.stat().st_size if self.log.exists() else 0
        self.file = open(self.log, "ab")
        self.process = subprocess.Popen([PROGRAM, "serve", *map(str, s.options()), *NEVER, *(more or NOW)], stdin=subprocess.DEVNULL,
                                        stdout=self.file, stderr=subprocess.STDOUT)

    def said(self):
        return self.log.read_bytes()[self.begin:].decode()

    def waits_for(self, words, times=1):
        for _ in range(600):
            if self.said().count(words) >= times:
                return True
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        return self.said().count(words) >= times

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait()


class listener:
    """Takes the place of Slack: too busy for the first message, then keeps what comes."""

    def __init__(self):
        taken, busy = [], [1]

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(429 if busy[0] else 200)
                if busy[0]:
                    self.send_header("Retry-After", "1")
                else:
                    taken.append(body)
                busy[0] = max(0, busy[0] - 1)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *words):
                pass

        self.taken, self.busy = taken, busy
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def refused(self):
        return 1 - self.busy[0]

    def text(self):
        return json.dumps(json.loads(self.taken[0]), ensure_ascii=False) if self.taken else ""


def ask(command, s, *more):
    return run(command, "--database", s.path, *more)


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
night = server(s)
expect(night.waits_for("job_ended"), "the night that was asked for is carried out")
expect(before - s.keys() == s.duplicates | s.orphans, "the copies and the orphans went, and nothing else")
expect(night.said().count("notice: upkeep: cleanup done") == 1, "people are told once: " + night.said())
result = ask("status", s)
expect(re.search(r"served by\s+\S+:%d since" % night.process.pid, result.stdout) and "done" in result.stdout, "the status names the server", result)

# One server is enough.
result = run("serve", *s.options(), *NEVER)
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

# Beyond a limit: nothing is removed, the alert says why.
s = store("limit.sqlite")
content = s.content()
ask("trigger", s)
night = server(s, "--no-baseline", "--grace", "0", "--max-removal", "0.01")
expect(night.waits_for("job_ended"), "a night beyond the limit ends")
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
for n in range(4):
    night = server(s, *ALL)
    if n < 2:
        night.waits_for(("analyze_vector_store", "backup_proven")[n])
    else:  # between two of its batches
        rows = len(s.keys())
        while night.process.poll() is None and len(s.keys()) == rows:
            pass
    night.kill()
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
expect(told == {"duplicate": str(report["duplicates_removed"]), "orphan": str(report["orphans_removed"])} and
       report["duplicates_removed"] + report["orphans_removed"] + report["interrupted_removed"] == gone,
       f"metrics and report agree: {told} {report}")
expect(os.environ["UPKEEP_SLACK_WEBHOOK"] not in night.log.read_text(), "the address of the webhook is in no log")

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
