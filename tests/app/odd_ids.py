#!/usr/bin/env python3
"""Ids and sources with quotes, line breaks, NUL, emoji and bytes that are no text, from the plan to the undo: none of them is another one, none
leaves its field, and none reaches the terminal as it is."""
import base64
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, blob, expect, finish, json_lines, near, read_report, require_program, run, store  # noqa: E402

require_program()
ODD = ["it's", 'say "no"', "two\nlines", "line\r\nend", "nul\x00inside", "\x00", "\U0001f600", "e\u0301 and \u00e9", " blank ", "", "%s; DROP TABLE items; --",
       "back\\slash", "\x1b[31mred\x1b[0m", "\u202eright to left", "\u2028", '{"base64": "eA=="}', "<script>alert(1)</script>", "NULL", "a" * 3000]
BYTES = [b"\xff\xfe", b"bytes\x00\xff'", b"\x00", b"", "text \U0001f600".encode(), b"\xed\xa0\x80", b"{\"base64\": \"eA==\"}"]
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "1"]


def of(prefix, odd):
    return prefix + odd if isinstance(odd, str) else prefix.encode() + odd


def key_of(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def as_bytes(keys):
    """To the janitor, text and bytes that are the same bytes are one key."""
    return {k.encode() if isinstance(k, str) else k for k in keys}


def harmless(result, what):
    loose = re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]", result.stdout + result.stderr)
    expect(loose == [], f"{what}: nothing reaches the terminal as it is: {loose}")


def journey(name, odds):
    s = store(f"{name} 'odd\".sqlite", groups=0, orphans=0, alone=60)
    database = s.connect()
    if isinstance(odds[0], bytes):
        database.execute("UPDATE items SET id = CAST(id AS BLOB)")
    random.seed(5)
    for odd in odds:
        base = [random.gauss(0, 1) for _ in range(16)]
        rows = [(of("stays ", odd), base, of("source ", odd), "Heading.\nThe sentence. More."),
                (odd, near(base, str(odd)), of("source ", odd), "The sentence."),
                (of("orphan ", odd), [random.gauss(0, 1) for _ in range(16)], of("gone ", odd), "Nobody's.")]
        database.executemany("INSERT INTO items(id, vector, source, text) VALUES (?, ?, ?, ?)", [(k, blob(v), source, text) for k, v, source, text in rows])
        database.execute("INSERT INTO documents VALUES (?)", (of("source ", odd),))
    database.commit()
    database.close()
    content, before = s.content(), s.keys()
    wanted = {k for odd in odds for k in (odd, of("orphan ", odd))}
    plan, page, log = (SCRATCH / f"{name}.{kind}" for kind in ("plan", "html", "jsonl"))
    (SCRATCH / "key").write_text("6b" * 32 + "\n")
    (SCRATCH / "key").chmod(0o600)
    audit = ["--audit-log", log, "--audit-key", SCRATCH / "key"]

    result = run("run", *s.options(), *NOW, "--phase", "detect", "--plan", plan)
    expect(result.returncode == 0, f"{name}: a plan", result)
    harmless(result, "detect")
    lines = json_lines(plan.read_text())
    expect(as_bytes(key_of(line["remove"]) for line in lines if "remove" in line) == as_bytes(wanted), f"{name}: the plan names every row")
    result = run("apply", *s.options(), "--max-removal", "1", "--plan", plan, "--report", SCRATCH / "odd.json", *audit)
    expect(result.returncode == 0 and s.keys() == before - wanted, f"{name}: apply removes them, and nothing else", result)
    harmless(result, "apply")
    told = as_bytes(key_of(line["fields"]["key"]) for line in json_lines(log.read_text()) if line["event"] == "removing_row")
    expect(told == as_bytes(wanted), f"{name}: the audit log names every row: {told ^ as_bytes(wanted)}")
    result = run("verify-audit", *audit)
    expect(result.returncode == 0, f"{name}: and holds", result)
    for odd in odds:
        if isinstance(odd, str) and "\x00" not in odd and odd != "":  # the others cannot stand on a command line
            result = run("aliases", *s.options(sources=False), "--", odd)
            expect(result.returncode == 0 and "stands for" in result.stdout, f"who stands for {odd!r}", result)
            harmless(result, f"aliases of {odd!r}")
    result = run("report", *s.options(sources=False), "--html", page)
    expect(result.returncode == 0 and "<script>alert" not in page.read_text(), f"{name}: the page", result)
    receipt = read_report(SCRATCH / "odd.json")["receipt"]["path"]
    result = run("verify", *s.options(sources=False), "--receipt", receipt)
    expect(result.returncode == 0, f"{name}: the backup", result)
    harmless(result, "verify")
    result = run("undo", *s.options(sources=False), "--receipt", receipt)
    expect(result.returncode == 0 and s.content() == content, f"{name}: undo brings back every byte", result)
    result = run("run", *s.options(), *NOW, "--phase", "cleanup", "--json-log")
    expect(result.returncode == 0 and s.keys() == before - wanted, f"{name}: a cleanup in one go", result)


journey("text", ODD)
journey("bytes", BYTES)
finish()
