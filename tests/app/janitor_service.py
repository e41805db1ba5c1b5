#!/usr/bin/env python3
"""The service of examples/janitor_service.cpp as a container runs it: set by variables, told to stop by a signal, read through its log."""
import hashlib
import hmac
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
from program import PROGRAM, SCRATCH, SOURCE, expect, finish, json_lines, run, store  # noqa: E402

SERVICE = os.environ.get("UPKEEP_JANITOR_SERVICE", "")
if not SERVICE:
    print("skipped: the service was not built")
    sys.exit(77)
TOKEN, KEY = "token-that-is-secret", "6b" * 32


class neighbours:
    """The oracle and the webhook on loopback: the oracle answers from a table of sources; both keep what they were sent."""

    def __init__(self, s):
        here, self.questions, self.messages, self.before_answer, self.busy = self, [], [], lambda number: None, 1
        connection = s.connect()
        self.exist = {row[0] for row in connection.execute("SELECT id FROM documents")}
        connection.close()

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body, status, answer = self.rfile.read(int(self.headers["Content-Length"])), 200, b"ok"
                if self.path == "/exists":
                    here.questions.append((self.headers["Authorization"], json.loads(body)["sources"]))
                    here.before_answer(len(here.questions))
                    asked = here.questions[-1][1]
                    answer = json.dumps({"present": [x for x in asked if x in here.exist], "absent": [x for x in asked if x not in here.exist]}).encode()
                elif here.busy:
                    here.busy, status = here.busy - 1, 503
                else:
                    here.messages.append((dict(self.headers), body))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:  # who asked did not wait for it
                    self.close_connection = True

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class service:
    """The service in a process of its own, with no variables but these."""

    def __init__(self, s, near, **variables):
        given = {"DATABASE": s.path, "TABLE": "items", "ORACLE_URL": near.url + "/exists", "ORACLE_TOKEN": TOKEN, "ORACLE_KNOWN_SOURCE": "group 0",
                 "WEBHOOK_URL": near.url + "/hook/secret", "WEBHOOK_KEY": KEY, "AUDIT_LOG": SCRATCH / f"{s.path.stem}.audit", "AUDIT_KEY": KEY,
                 "METRICS": SCRATCH / f"{s.path.stem}.prom", "BASELINE": "false", "GRACE": "0", "MAX_REMOVAL": "0.5",
                 "SCHEDULE": "0 0 29 2 *", **variables}
        self.process = subprocess.Popen([SERVICE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ["PATH"], **{f"UPKEEP_{k}": str(v) for k, v in given.items() if v is not None}})

    def end(self):
        """Its exit code and its log, once it has ended; only the log is spoken, and no secret in it."""
        out, err = self.process.communicate(timeout=120)
        expect(err == "", f"nothing but the log is spoken: {err}")
        for secret in (TOKEN, KEY, "/hook/secret"):
            expect(secret not in out, f"a secret is in the log: {out}")
        return self.process.returncode, json_lines(out)

    def lines_until(self, event):
        for line in self.process.stdout:
            if json.loads(line)["event"] == event:
                return True
        return False


def events(log, name):
    return [line for line in log if line["event"] == name]


def metric(s, name):
    found = re.search(rf"^upkeep_janitor_{name} (\S+)$", re.sub(r'store="[^"]*",?|\{\}', "", (SCRATCH / f"{s.path.stem}.prom").read_text()), re.M)
    return found and float(found[1])


# One night, as a CronJob asks for it: the rows go, people hear of it once, everything that counts agrees.
s = store("once.sqlite", groups=12)
before = s.keys()
near = neighbours(s)
code, log = service(s, near, RUN_ONCE="true", TRESHOLD="0.9").end()
expect(code == 0 and log[-1]["event"] == "service_stopped", f"a night ends with 0: {log}")
expect(before - s.keys() == s.duplicates | s.orphans, "the copies and the orphans went, and nothing else")
expect(all(token == "Bearer " + TOKEN and "group 0" in asked for token, asked in near.questions), "each question has the token and the known source")
expect(len(near.messages) == 1 and near.busy == 0, f"one message, after the webhook was busy once: {near.messages}")
headers, body = near.messages[0]
signed = hmac.new(KEY.encode(), headers["X-Upkeep-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
expect(signed in headers["X-Upkeep-Signature"], f"the message is signed: {headers}")
expect(json.loads(body)["level"] == "notice" and "12 removed" in json.loads(body)["text"], f"it tells what went: {body}")
expect([line["fields"]["variable"] for line in events(log, "variable_unknown")] == ["UPKEEP_TRESHOLD"], "a misspelt variable is told")
expect(metric(s, 'removed_rows_total{reason="duplicate"}') == 12 and metric(s, 'removed_rows_total{reason="orphan"}') == 5, "the metrics agree")
audit = [json.loads(line) for line in (SCRATCH / "once.audit").read_text().splitlines()]
expect({line["fields"]["key"] for line in events(audit, "removing_row")} == s.duplicates | s.orphans, "the audit log names every row that went")
if PROGRAM:
    (SCRATCH / "key").write_text(KEY)
    (SCRATCH / "key").chmod(0o600)
    result = run("verify-audit", "--audit-log", SCRATCH / "once.audit", "--audit-key", SCRATCH / "key")
    expect(result.returncode == 0, "and verifies", result)

# Beyond the limit: nothing goes, the code says so.
s = store("limit.sqlite", groups=12)
content, near = s.content(), neighbours(s)
code, log = service(s, near, RUN_ONCE="1", MAX_REMOVAL="0.01").end()
expect(code == 3 and s.content() == content and json.loads(near.messages[0][1])["level"] == "alert", f"a limit ends with 3 and an alert: {log[-1]}")

# An oracle that denies the source that exists is believed nothing: no orphan goes.
near.exist = set()
code, log = service(s, near, RUN_ONCE="1").end()
expect(s.orphans <= s.keys(), f"an oracle that says no to everything removes no orphan: {code} {log[-1]}")
expect(events(log, "oracle_failed"), "and is told")

# Old backups go when their number and their age allow it; each night loses a document, so that each makes a backup.
s = store("backups.sqlite", groups=12)
near, kept = neighbours(s), []
for number, variables in enumerate(({}, {"KEEP_BACKUPS": "1"}, {"KEEP_BACKUPS_FOR": "0s"}, {"KEEP_BACKUPS": "1", "KEEP_BACKUPS_FOR": "0s"})):
    near.exist.discard(f"alone {number}")
    time.sleep(1.1)  # the name of a backup tells its second
    code, log = service(s, near, RUN_ONCE="1", UNDO_WINDOW="0s", **variables).end()
    kept.append(len(list(Path(f"{s.path}.upkeep").glob("*.backup"))) if code == 0 else log)
expect(kept == [1, 2, 3, 1], f"so many backups are left after each night: {kept}")

# An oracle that takes every question and answers none, all night: nothing goes, those who look after it are told, once; the next night, with the
# oracle back, is as any other.
s = store("silent.sqlite", groups=12)
content, before, near = s.content(), s.keys(), neighbours(s)
sources = len({row[6] for row in content})
speaks = threading.Event()
near.before_answer = lambda number: speaks.wait(300)
code, log = service(s, near, RUN_ONCE="1", ORACLE_TIMEOUT="500ms").end()
expect(code == 0 and s.content() == content, f"a silent oracle removes nothing: {code} {log[-1]}")
expect(len(near.questions) > 1 and len(events(log, "oracle_failed")) > 0, f"it was asked more than once: {len(near.questions)}")
expect([(e["fields"]["status"], e["fields"]["reason"]) for e in events(log, "job_ended")] == [("done", "oracle_mute")], f"how the night ended: {log}")
told = [json.loads(body) for _, body in near.messages]
expect([t["level"] for t in told] == ["alert"] and f"answered for none of {sources} sources" in told[0]["text"], f"told once: {told}")
audit = [json.loads(line) for line in (SCRATCH / "silent.audit").read_text().splitlines()]
expect(events(audit, "run_finished") and not events(audit, "removing_row"), "the audit log has a run that removed nothing")
expect(metric(s, 'removed_rows_total{reason="orphan"}') in (None, 0), "and the metrics count nothing")
speaks.set()
code, log = service(s, near, RUN_ONCE="1", ORACLE_TIMEOUT="30s").end()
expect(code == 0 and before - s.keys() == s.duplicates | s.orphans, f"the next night does all of the work: {log[-1]}")
expect([(e["fields"]["status"], e["fields"]["reason"]) for e in events(log, "job_ended")] == [("done", "")], f"as any other night: {events(log, 'job_ended')}")
told = [json.loads(body) for _, body in near.messages]
expect([t["level"] for t in told] == ["alert", "notice"] and "12 removed" in told[1]["text"], f"and people hear of that: {told}")
expect(metric(s, 'removed_rows_total{reason="orphan"}') == 5, "which the metrics count")

# Asked to stop between two batches: it ends at once, in whole batches; started again it goes on, and people hear of all of it, once.
s = store("stopped.sqlite", groups=40)
before, near = s.keys(), neighbours(s)
night = service(s, near, RUN_ONCE="1", BATCH="1")
near.before_answer = lambda number: night.process.send_signal(signal.SIGTERM) if len(before) - len(s.keys()) == 2 else None
code, log = night.end()
gone = before - s.keys()
expect(code == 5 and 2 <= len(gone) <= 4 and not near.messages, f"SIGTERM ends it within a batch: {code} {len(gone)} {log[-1]}")
near.before_answer = lambda number: None
code, log = service(s, near, RUN_ONCE="1", BATCH="1").end()
expect(code == 0 and before - s.keys() == s.duplicates | s.orphans, f"the next one finishes what it began: {log[-1]}")
expect(len(near.messages) == 1, "with one message")
counts = [int(n) for n in re.findall(r"(?:found|time), (\d+) removed|interrupted: (\d+) rows removed", json.loads(near.messages[0][1])["text"]) for n in n if n]
expect(sum(counts) == len(s.duplicates | s.orphans), f"whose counts are those of the whole night: {near.messages[0][1]}")

# As a service: begins what the command of the application asks for, is one of its kind, and stops when it is asked to.
s = store("served.sqlite", groups=12)
near = neighbours(s)
first = service(s, near)
expect(first.lines_until("service_started"), "it serves")
code, log = service(s, near, AUDIT_LOG=None).end()
expect(code == 4 and "served already by" in log[-1]["text"], f"a second one is refused: {log[-1]}")
if PROGRAM:
    expect(run("trigger", "--database", s.path).returncode == 0 and first.lines_until("job_ended"), "`nightly_janitor trigger` is heard")
    expect(len(s.keys()) == s.rows - 17, "and the rows are gone")
begun = time.monotonic()
first.process.send_signal(signal.SIGTERM)
code, log = first.end()
expect(code == 0 and log[-1]["event"] == "service_stopped", f"SIGTERM ends it with 0: {code} {log}")

# A variable that cannot be used is named, with its value and what is allowed, before anything is looked at.
for variable, value, words in (("DATABASE", None, "UPKEEP_DATABASE is not set"), ("DATABASE", "/no/such.db", 'UPKEEP_DATABASE is "/no/such.db"'),
                               ("TABLE", "nothing", "nothing"), ("TEXT_COLUMN", "words", "words"),
                               ("ORACLE_URL", None, "UPKEEP_ORACLE_URL is not set"), ("ORACLE_URL", "ftp://x", "must begin with https://"),
                               ("ORACLE_TIMEOUT", "30", "a duration with its unit"), ("THRESHOLD", "1.5", 'is "1.5"; it must be a number from 0.01 to 1'),
                               ("MAX_REMOVAL", "5%", "a number from 0 to 1"), ("GRACE", "soon", "such as 90s or 20h"), ("BATCH", "201", "from 1 to 200"),
                               ("KEEP_BACKUPS", "-1", "UPKEEP_KEEP_BACKUPS"), ("KEEP_BACKUPS_FOR", "7", "a duration with its unit"),
                               ("UNDO_WINDOW", "100y", "UPKEEP_UNDO_WINDOW"),
                               ("BASELINE", "maybe", "true or false"), ("SCHEDULE", "0 25 * * *", "field 2 (hour)"), ("RUN_ONCE", "2", "true or false"),
                               ("WEBHOOK_URL", "http://example.com/secret", "UPKEEP_WEBHOOK_URL: "), ("WEBHOOK_KEY", None, "UPKEEP_WEBHOOK_KEY is not set"),
                               ("AUDIT_KEY", "short", "UPKEEP_AUDIT_KEY"), ("METRICS", "/no/such/folder/x.prom", "UPKEEP_METRICS"),
                               ("AUDIT_LOG", "/no/such/folder/log", "UPKEEP_AUDIT_LOG")):
    code, log = service(s, near, **{variable: value}).end()
    said = log[-1]
    expect(code == 2 and len(log) == 1 and said["event"] == "service_failed" and words in said["text"], f"{variable}={value}: {code} {log}")
    expect(variable not in ("WEBHOOK_URL", "AUDIT_KEY") or value not in said["text"], f"a secret is not repeated: {said}")
finish()
