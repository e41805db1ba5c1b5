#!/usr/bin/env python3
"""review: what waits is shown and asked about, decisions outlive the program, and a cleanup carries out exactly what was accepted."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, blob, expect, finish, json_lines, near, one_sentence, read_report, require_program, run, store  # noqa: E402

require_program()
KEY, LOG, REPORT, PLAN = SCRATCH / "audit.key", SCRATCH / "audit.log", SCRATCH / "report.json", SCRATCH / "plan.jsonl"
KEY.write_text("0123456789abcdef" * 4 + "\n")
KEY.chmod(0o600)
CLEANUP = ["--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1", "--report", REPORT, "--plan", PLAN,
           "--audit-log", LOG, "--audit-key", KEY]


def insert(s, rows):
    connection = s.connect()
    for key, vector, text in rows:
        connection.execute("INSERT OR REPLACE INTO items(id, vector, source, text) VALUES (?, ?, 'group 0', ?)", (key, blob(vector), text))
    connection.commit()
    connection.close()


def base(n):
    return [float((n * 7 + i) % 5 + (i == n) * 40) for i in range(16)]


def listed(s, *more):
    result = run("review", *s.options(), "--json", *more)
    expect(result.returncode == 0, "the list as JSON", result)
    return json_lines(result.stdout)


def at_a_terminal(arguments, answers, columns):
    """Runs the program at a terminal of so many columns and gives one answer to each question; what it showed, and how it ended."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.environ.pop("NO_COLOR", None)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        os.execv(PROGRAM, [PROGRAM, *map(str, arguments)])
    shown, deadline, asked = b"", time.monotonic() + 120, 0
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side is gone
                break
            if not part:
                break
            shown += part
        if shown.count(b"[q]uit: ") > asked and answers:
            os.write(terminal, answers.pop(0).encode() + b"\n")
            asked += 1
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status)


# Of each pair the first row has the longer text and stays.
s = store("review.sqlite", groups=2, copies=1, orphans=0, alone=30)
insert(s, [("valve a", base(1), "The valve opens at 5 bar, and it closes at 4 bar."), ("valve b", near(base(1), 1, 0.02), "The valve opens at 6 bar."),
           ("manual a", base(2), "Read the manual before you start, please."), ("manual b", near(base(2), 2, 0.04), "Read the manual first."),
           ("hostile \x1b[31m\"'; a", base(3), "Click here:\x1b]0;owned\x07 <b>&amp; \u009b and so on"), ("hostile \x1b[31m\"'; b", near(base(3), 3, 0.06), "Click \x1b[2J there"),
           ("lone", base(4), "Only one.")])
before, content = s.bytes(), s.content()

# Elsewhere than at a terminal: a list, which changes nothing.
result = run("review", *s.options())
expect(result.returncode == 0 and "3 pairs for a person" in result.stdout and s.bytes() == before, "the list", result)
expect(not Path(str(s.path) + ".upkeep").exists(), "nothing is written where nothing is decided")
expect("goes   \"valve b\"" in result.stdout and "stays  \"valve a\"" in result.stdout and "does not stand in the other one" in result.stdout,
       "the ids, what would become of them, and why the guard hesitates", result)
expect("opens at [6] bar." in result.stdout and "opens at [5 bar, and it closes at 4] bar." in result.stdout, "the words that differ are marked", result)
expect("\x1b" not in result.stdout and "\x07" not in result.stdout and "\\x1b[2J" in result.stdout, "hostile texts and ids are made visible", result)
expect(max(map(len, result.stdout.splitlines())) <= 82, "no line is wider than a narrow terminal", result)
result = run("review", *s.options(), "--most", "1")
expect("And 2 more pairs" in result.stdout and "valve" in result.stdout and "manual" not in result.stdout, "only the closest", result)
pairs = listed(s)
expect([p["removed"] for p in pairs] == ["valve b", "manual b", "hostile \x1b[31m\"'; b"], f"the closest first: {pairs}")
expect(pairs[0]["survivor"] == "valve a" and pairs[0]["removed_text"] == "The valve opens at 6 bar." and pairs[0]["reason"] == "guard"
       and 0.98 <= pairs[0]["score"] <= 1 and pairs[0]["doubt"] and not pairs[0]["asked_again"], f"everything about a pair: {pairs[0]}")
run("plan", *s.options(), "--plan", PLAN)
expect(listed(s, "--plan", PLAN) == pairs, "a plan lists the same")

# At a terminal: one after another, beside each other where there is room.
for columns in (120, 60):
    shown, code = at_a_terminal(["review", *s.options()], ["what?", "s", "q"], columns)
    expect(code == 0 and "0 accepted, 0 rejected, 3 left for another time" in shown, f"{columns} columns: looked and left: {shown}")
    beside = any("valve b" in line and "valve a" in line for line in shown.splitlines())
    expect(beside == (columns == 120), f"{columns} columns: beside each other where there is room: {shown}")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    expect("\x1b" not in plain and "\x07" not in plain.replace("\r", ""), f"{columns} columns: colours are all that moves: {plain!r}")
    plain = plain.replace("accept: the one goes in the next cleanup, the other stays and stands for it;", "")  # prose is of a fixed width
    expect(all(len(line) <= columns for line in plain.replace("\r", "").splitlines()), f"{columns} columns: no line is wider: {plain}")
expect(run("review", *s.options(), "--decisions").stdout.endswith("items: 0\n"), "skipping decides nothing")
shown, code = at_a_terminal(["review", *s.options()], ["a", "r", "s"], 100)
expect(code == 0 and "1 accepted, 1 rejected, 1 left for another time" in shown and "--phase cleanup" in shown, f"decided: {shown}")
decisions = json_lines(run("review", *s.options(), "--decisions", "--json").stdout)
expect([(d["removed"], d["survivor"], d["decision"], d["now"]) for d in decisions]
       == [("manual b", "manual a", "rejected", "holds"), ("valve b", "valve a", "accepted", "holds")] and all("@" in d["who"] and d["when"] for d in decisions),
       f"what was decided: {decisions}")
expect([p["removed"][:7] for p in listed(s)] == ["hostile"], "only what was left waits")

# A cleanup carries out what was accepted, and says who accepted it.
keys = s.keys()
result = run("run", *s.options(), *CLEANUP)
report = read_report(REPORT)
expect(result.returncode == 0 and keys - s.keys() == s.duplicates | {"valve b"}, "what was accepted goes, and no other", result)
expect(report["accepted_pairs"] == 1 and report["rejected_pairs"] == 1 and report["review_pairs"] == 1 and report["accepted_by"] == decisions[1]["who"],
       f"the report: {report}")
told = {f["key"]: f.get("accepted_by") for f in (json.loads(line).get("fields", {}) for line in LOG.read_text().splitlines()) if "witness" in f}
expect(told == {**{k: None for k in s.duplicates}, "valve b": decisions[1]["who"]}, f"the audit log: {told}")
expect(b"bar" not in LOG.read_bytes(), "no text of a row is in the audit log")
planned = {line["remove"]: line.get("accepted_by") for line in json_lines(PLAN.read_text()) if "remove" in line}
expect(planned == told, f"the plan: {planned}")
result = run("run", *s.options(), *CLEANUP)
expect(read_report(REPORT)["duplicates_removed"] == 0 and "manual b" in s.keys(), "what was rejected stays, night after night", result)

# Who brings the row back has thought better of it: it is asked about again.
receipt = next(Path(str(s.path) + ".upkeep").glob("*.receipt.json"))
expect(run("undo", *s.options(False), "--receipt", receipt).returncode == 0 and s.content() == content, "an undo brings all of it back")
expect([p["removed"] for p in listed(s)][0] == "valve b", "and the pair waits again")

# Without a terminal, by name, in either order; and a row that changes makes what was said of it void.
result = run("review", *s.options(), "--accept", "valve a", "valve b")
expect(result.returncode == 0 and "\"valve b\" goes, \"valve a\" stays" in result.stdout, "accepted by name", result)
insert(s, [("valve b", near(base(1), 1, 0.02), "The valve opens at 7 bar."), ("manual b", near(base(2), 2, 0.04), "Read the manual last.")])
expect([(p["removed"], p["asked_again"]) for p in listed(s)][:2] == [("valve b", True), ("manual b", True)], "both are asked about again")
result = run("review", *s.options())
expect("void" in result.stdout and "somebody decided before, but a row has changed since" in result.stdout, "and people are told why", result)
run("run", *s.options(), *CLEANUP)
report = read_report(REPORT)
expect(report["void_decisions"] == 2 and report["accepted_pairs"] == 0 and {"valve b", "manual b"} <= s.keys(), f"nothing of it goes: {report}")
expect([d["now"] for d in json_lines(run("review", *s.options(), "--decisions", "--json").stdout)] == ["changed", "changed"], "the decisions say so")

# An acceptance that is taken back between a plan and its application.
run("review", *s.options(), "--accept", "valve b", "valve a")
run("plan", *s.options(), "--plan", PLAN)
expect(any(line.get("accepted_by") for line in json_lines(PLAN.read_text())), "the plan has it")
expect(run("review", *s.options(), "--forget", "valve a", "valve b").returncode == 0, "forgotten")
result = run("apply", *s.options(), "--plan", PLAN, "--max-removal", "1")
expect(result.returncode == 0 and "valve b" in s.keys(), "what was taken back stays, also where a plan says that it goes", result)

# While a schedule is served.
server = subprocess.Popen([PROGRAM, "serve", *map(str, s.options()), "--schedule", "0 0 1 1 *"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
expect(server.stdout.readline().startswith("serving"), "a server")
result = run("review", *s.options(), "--reject", "valve b", "valve a")
expect(result.returncode == 0 and "nobody is asked again" in result.stdout, "decisions are taken while a schedule is served", result)
server.send_signal(signal.SIGTERM)
expect(server.wait(timeout=60) == 0, "the server ends")

# Ids that no command line can hold.
insert(s, [(b"\xff\x00".decode("latin-1"), base(5), "Some words, and more of them."), ("r\x00", near(base(5), 5, 0.02), "Other words.")])
odd = next(p for p in listed(s) if p["removed"] == "r\x00")
expect(odd["survivor"] == "\xff\x00", f"ids with NUL: {odd}")
result = run("review", *s.options(), "--reject", '{"base64":"cgA="}', '{"base64":"w78A"}')
expect(result.returncode == 0 and not [p for p in listed(s) if p["removed"] == "r\x00"], "named in base64", result)

# Integer ids.
n = store("numbers.sqlite", groups=0, copies=0, orphans=0, alone=10, integer_ids=True)
insert(n, [(1001, base(1), "A long text about valves."), (1002, near(base(1), 1, 0.02), "Another text.")])
result = run("review", *n.options(), "--accept", "1001", "1002")
expect(result.returncode == 0 and "1002 goes" in result.stdout, "ids that are numbers", result)

# Mistakes.
insert(s, [("cover a", base(6), "One sentence. Another."), ("cover b", near(base(6), 6, 0.02), "One sentence.")])
for arguments, words in ((["--accept", "valve a", "nobody"], "nobody"), (["--accept", "valve a", "lone"], "not close"), (["--accept", "lone"], "--accept"),
                         (["--accept", "cover a", "cover b"], "go without asking"), (["--forget", "lone", "valve a"], "nobody has decided"),
                         (["--accept", "a", "b", "--decisions"], "only one"), (["--most", "0"], "--most"), (["--plan", SCRATCH / "none"], "--plan"),
                         (["--accept", "valve a", "valve a"], "one row")):
    result = run("review", *s.options(), *arguments)
    expect(result.returncode == 2 and one_sentence(result) and words in result.stderr, f"a mistake: {arguments}", result)
finish()
