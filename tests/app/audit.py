"""The audit log as an auditor meets it: every removal in it, checked here without the program, and every change found by it."""
import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, one_sentence, require_program, run, store  # noqa: E402

require_program()
KEY, LOG = SCRATCH / "audit.key", SCRATCH / "audit.log"
KEY.write_text("0123456789abcdef" * 4 + "\n")
KEY.chmod(0o600)
AUDIT = ["--audit-log", LOG, "--audit-key", KEY]
CLEANUP = ["--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1", "--max-absence-rise", "1"]


def verified_here(log, key):
    """What the documentation says of a line, in a few lines of another language."""
    def code(purpose, previous, content):
        return hmac.new(key, purpose + previous + content, hashlib.sha256).digest()
    events, previous = [], None
    for number, line in enumerate(log.read_bytes().splitlines(keepends=True), 1):
        content, found = line[:-75], line[-67:-3].decode()
        entry = json.loads(line)
        if previous is None:
            previous = code(b"upkeep audit start 1\n", b"", entry["log"].encode())
            expect(entry["previous"] == previous.hex(), "the first line names the start of the chain")
        previous = code(b"upkeep audit line 1\n", previous, content)
        expect(entry["sequence"] == number and found == previous.hex(), f"line {number} has the code that the documentation says")
        events.append(entry)
    return events


s = store("store.sqlite")
before = s.keys()
result = run("run", *s.options(), *CLEANUP, "--batch", "7", *AUDIT)
expect(result.returncode == 0, "a cleanup with an audit log", result)
gone = before - s.keys()
events = verified_here(LOG, KEY.read_text().strip().encode())
told = [e["fields"] for e in events if e["event"] == "removing_row"]
expect(gone and {t["key"] for t in told} == gone == s.duplicates | s.orphans, "every removed row is in the log", result)
for t in told:
    wanted = {"key", "reason", "receipt"} | ({"witness", "score"} if t["reason"] == "duplicate" else set())
    expect(set(t) == wanted, f"a removal says {sorted(wanted)} and nothing else: {t}")
expect(all("@" in e["actor"] and e["actor"].endswith(events[0]["actor"].split("@")[1]) for e in events), "each line names who acted")
expect(b"sentence" not in LOG.read_bytes(), "no text of a row is in the log")
expect(run("verify-audit", *AUDIT).stdout.startswith("audit log "), "the program checks it")
expect("0123456789" not in result.stdout + result.stderr + LOG.read_text(), "the key is shown nowhere")

receipt = next(SCRATCH.glob("store.sqlite.upkeep/*.receipt.json"))
expect(run("undo", *s.options(False), "--receipt", receipt, *AUDIT).returncode == 0, "an undo with an audit log")
expect([e["event"] for e in verified_here(LOG, KEY.read_text().strip().encode())][-2:] == ["undo_started", "undone"], "the undo is told")
expect(s.keys() == before, "the undo brought all rows back")

# The key from a variable is the same key.
environment = {**os.environ, "UPKEEP_AUDIT_KEY": KEY.read_text().strip()}
expect(run("verify-audit", "--audit-log", LOG, env=environment).returncode == 0, "the key can come from a variable")

# Whatever is wrong is one sentence and an exit code.
whole = LOG.read_bytes()
lines = whole.splitlines(keepends=True)
for what, bad, says in (("edited", whole.replace(b'"orphan"', b'"Orphan"', 1), "was edited"),
                        ("cut", b"".join(lines[:-2]), f"line {len(lines) - 1} "),
                        ("removed", b"".join(lines[:4] + lines[5:]), "line 5 ")):
    LOG.write_bytes(bad)
    result = run("verify-audit", "--quiet", *AUDIT)
    expect(result.returncode == 5 and one_sentence(result) and says in result.stderr, f"a log that was {what}", result)
    kept = s.keys()
    result = run("run", *s.options(), *CLEANUP, "--quiet", *AUDIT)
    expect(result.returncode == 5 and "cannot be continued" in result.stderr and s.keys() == kept, f"no run with a log that was {what}", result)
LOG.write_bytes(whole)
KEY.chmod(0o644)
result = run("run", *s.options(), *CLEANUP, "--quiet", *AUDIT)
expect(result.returncode == 2 and f"chmod 600 {KEY}" in result.stderr and s.keys() == before, "a key that others can read", result)
KEY.chmod(0o600)
other = SCRATCH / "other.key"
other.write_text("x" * 32)
other.chmod(0o600)
result = run("verify-audit", "--quiet", "--audit-log", LOG, "--audit-key", other)
expect(result.returncode == 5 and "another key" in result.stderr, "another key", result)
for arguments, says in ((["--audit-log", LOG], "needs a key"), (["--audit-key", KEY], "--audit-log"),
                        (["--audit-log", SCRATCH / "no" / "log", "--audit-key", KEY], "--audit-log")):
    result = run("run", *s.options(), *CLEANUP, *arguments)
    expect(result.returncode == 2 and one_sentence(result) and says in result.stderr, f"refused: {arguments}", result)
result = run("verify-audit", "--quiet", "--audit-log", SCRATCH / "none", "--audit-key", KEY)
expect(result.returncode == 2 and one_sentence(result), "a log that is not there", result)
expect(run("verify-audit", *AUDIT).returncode == 0, "nothing of all that changed the log")
finish()
