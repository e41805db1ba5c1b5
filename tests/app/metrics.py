#!/usr/bin/env python3
"""--metrics: the file agrees with the reports of several nights, is what promtool accepts, and nobody else's file is touched."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, SOURCE, expect, finish, json_lines, one_sentence, read_report, require_program, run, store  # noqa: E402

require_program()
REPORT, METRICS = SCRATCH / "report.json", SCRATCH / "night.prom"
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? ([-+]?(?:[\d.]+(?:e[-+]?\d+)?|Inf|NaN))$')


def samples(path=METRICS):
    """{name: {(labels but the store, sorted): value}}"""
    found, seen = {}, set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not expect(match, f"a line of the format: {line}"):
            continue
        labels = dict(re.findall(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', match[2] or ""))
        expect((match[1], tuple(sorted(labels.items()))) not in seen, f"each series stands there once: {line}")
        seen.add((match[1], tuple(sorted(labels.items()))))
        expect("items" in labels.pop("store", ""), f"the store is named: {line}")
        found.setdefault(match[1], {})[tuple(sorted(labels.items()))] = float(match[3])
    return found


def value(all_samples, name, **labels):
    return all_samples.get("upkeep_janitor_" + name, {}).get(tuple(sorted(labels.items())))


def night(s, *more):
    result = run("run", *s.options(), "--phase", "cleanup", "--grace", "0", "--max-removal", "0.9", "--metrics", METRICS, "--report", REPORT, *more)
    return result, read_report(REPORT)


s = store("nights.sqlite", groups=15, copies=2, orphans=4)
METRICS.unlink(missing_ok=True)
removed, orphans, reclaimed = 0, 0, 0
for number in range(1, 4):
    result, report = night(s)
    expect(result.returncode == 0 and report["baseline"] is (number == 1), f"night {number} is done", result)
    removed += report["duplicates_removed"]
    orphans += report["orphans_removed"]
    reclaimed += report["bytes_reclaimed"]
    now = samples()
    expect(value(now, "runs_total", phase="cleanup", status="done") == number, f"night {number}: runs")
    expect(value(now, "removed_rows_total", reason="duplicate") == removed, f"night {number}: duplicates of all nights")
    expect(value(now, "removed_rows_total", reason="orphan") == orphans, f"night {number}: orphans of all nights")
    expect(value(now, "reclaimed_bytes_total") == reclaimed, f"night {number}: bytes of all nights")
    expect(value(now, "rows") == report["rows"] and value(now, "review_pairs") == report["review_pairs"], f"night {number}: rows and pairs")
    expect(abs(value(now, "duplicate_ratio") - report["duplicates_found"] / report["rows"]) < 1e-12, f"night {number}: the ratio")
    expect(value(now, "store_size_bytes") == report["file_bytes_after"], f"night {number}: the size")
    expect(value(now, "step_seconds_count", step="scan") == number, f"night {number}: a scan each")
expect(removed == len(s.duplicates) and orphans == len(s.orphans), "the nights had something to do")
expect(value(now, "step_seconds_count", step="remove") == 1, "one of them removed")
success = value(now, "last_success_timestamp_seconds", phase="cleanup")
expect(METRICS.stat().st_mode & 0o777 == 0o644, "everyone may read it")
expect(sorted(p.name for p in SCRATCH.glob("night.prom*")) == ["night.prom", "night.prom.lock"], "nothing else is left beside it")

# What a limit refuses, and what cannot run, is counted, and is no success.
t = store("aborted.sqlite", copies=3)
run("run", *t.options(), "--phase", "log")
result = run("run", *t.options(), "--phase", "cleanup", "--grace", "0", "--max-removal", "0.01", "--metrics", SCRATCH / "aborted.prom")
now = samples(SCRATCH / "aborted.prom")
expect(result.returncode == 3 and value(now, "aborts_total", reason="safety_threshold") == 1, "an abort by its reason", result)
expect(value(now, "runs_total", phase="cleanup", status="aborted") == 1, "and by its status")
expect(value(now, "last_success_timestamp_seconds", phase="cleanup") is None, "it is no success")
connection = t.connect()
connection.execute("UPDATE items SET vector = x'00'")
connection.commit()
connection.close()
result = run("run", *t.options(), "--phase", "cleanup", "--metrics", SCRATCH / "aborted.prom")
expect(result.returncode == 5 and value(samples(SCRATCH / "aborted.prom"), "runs_total", phase="cleanup", status="could_not_run") == 1,
       "a run that could not run", result)

# A plan that is applied counts, a detection changes no total.
u = store("applied.sqlite")
run("plan", *u.options(False), "--plan", SCRATCH / "plan.jsonl")
result = run("apply", *u.options(False), "--plan", SCRATCH / "plan.jsonl", "--max-removal", "0.9", "--metrics", SCRATCH / "applied.prom")
run("run", *u.options(False), "--metrics", SCRATCH / "applied.prom")
now = samples(SCRATCH / "applied.prom")
expect(value(now, "removed_rows_total", reason="duplicate") == len(u.duplicates), "an applied plan counts", result)
expect(value(now, "runs_total", phase="detect", status="done") == 1, "a detection is a run")

# A damaged file is told, also where quiet was asked for; one of somebody else is refused before anything happens.
METRICS.write_bytes(METRICS.read_bytes().replace(b"upkeep_janitor_rows{", b"upkeep_janitor_rose{"))
damaged = METRICS.read_bytes()
result, report = night(s, "--quiet")
expect(result.returncode == 0 and "night.prom.damaged" in result.stderr and (SCRATCH / "night.prom.damaged").read_bytes() == damaged, "damage is told", result)
expect(value(samples(), "runs_total", phase="cleanup", status="done") == 1, "and counting begins anew")
METRICS.write_bytes(damaged)
result, report = night(s, "--json-log")
expect(any(e["event"] == "metrics_begun_anew" for e in json_lines(result.stderr)), "also in the log", result)
METRICS.write_bytes(damaged)
result, report = night(s)
expect("Warning:" in result.stdout and "night.prom" in result.stdout, "and in the summary", result)
foreign = SCRATCH / "node.prom"
foreign.write_text("node_up 1\n")
result = run("run", *s.options(), "--metrics", foreign)
expect(result.returncode == 2 and one_sentence(result) and foreign.read_text() == "node_up 1\n", "somebody else's file is left alone", result)
result = run("run", *s.options(), "--metrics", SCRATCH / "nowhere" / "x.prom")
expect(result.returncode == 2 and one_sentence(result) and "--metrics" in result.stderr, "a folder that there is not", result)

# A store whose name needs every escape, and what Prometheus itself says.
v = store('a "b" \\c\nd.sqlite')
result = run("run", *v.options(), "--metrics", METRICS)
expect(result.returncode == 0 and '\\"b\\" \\\\c\\nd.sqlite' in METRICS.read_text(), "a hostile name is escaped", result)
samples()
rules = re.search(r"```text\n(groups:.*?)```", (SOURCE / "docs/how-to/watch-the-janitor.md").read_text(encoding="utf-8"), re.S)[1]
header = (SOURCE / "include/upkeep/observe/metrics_observer.hpp").read_text(encoding="utf-8")
for name in set(re.findall(r"upkeep_janitor_\w+", rules)):
    expect(f'"{name}"' in header, f"the rules that we show name a metric that there is: {name}")
(SCRATCH / "rules.yml").write_text(rules)
if shutil.which("promtool"):
    checked = subprocess.run(["promtool", "check", "rules", SCRATCH / "rules.yml"], capture_output=True, text=True)
    expect(checked.returncode == 0 and "4 rules found" in checked.stdout, "promtool takes the rules that we show", checked)
    for path in (METRICS, SCRATCH / "aborted.prom"):
        checked = subprocess.run(["promtool", "check", "metrics"], stdin=path.open(), capture_output=True, text=True)
        expect(checked.returncode == 0 and not checked.stdout + checked.stderr, f"promtool finds nothing in {path.name}", checked)
else:
    print("promtool is not installed (Debian: prometheus): the file was checked by our own parser only")
finish()
