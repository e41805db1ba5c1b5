#!/usr/bin/env python3
"""No space for any one of the files that are written: the program says which, nothing that went is without its backup, nothing half written
stands under a name that is read, and with space again the next run goes on."""
import re
import shutil
import sqlite3
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from disk import disk, require_disk  # noqa: E402
from program import expect, finish, require_program, run, store  # noqa: E402
from served import ask, server  # noqa: E402

require_program()
require_disk()
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "1", "--batch", "4"]
DIGIT, HEXADECIMAL = "[0-9]", "[0-9a-f]"
RUN = DIGIT * 8 + "T" + DIGIT * 6 + "Z-" + HEXADECIMAL * 8


def kind(path):
    """A pattern of all paths that are as this one, but for the name of the run and of what will be renamed."""
    path = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", RUN, str(path))
    return re.sub(r"\.[0-9a-f]{16}\.tmp$", "." + HEXADECIMAL * 16 + ".tmp", path)


def final(pattern):
    """The name under which people find what was written."""
    return pattern.replace("." + HEXADECIMAL * 16 + ".tmp", "").replace(RUN, "*")


def attempts(count):
    """The first writes to such files and the last one."""
    return sorted({1, 2, 3, count // 2, count} - {0}) if count > 3 else range(1, count + 1)


class scene:
    """A store on such a disk, which lies in `d.folder` as it was made, and a night that leaves every file that a night can leave."""

    def __init__(self, d, s, *more):
        shutil.copy(s.path, d.folder / s.path.name)
        s.path = d.folder / s.path.name
        (d.folder / "key").write_text("6b" * 32 + "\n")
        (d.folder / "key").chmod(0o600)
        self.audit = ["--audit-log", str(d.folder / "trail.jsonl"), "--audit-key", str(d.folder / "key")]
        self.leaves = [*self.audit, "--report", d.folder / "report.json", "--metrics", d.folder / "night.prom"]
        self.night = ["run", *s.options(), "--phase", "cleanup", *NOW, *self.leaves, "--plan", d.folder / "plan.jsonl", *more]
        self.d, self.s = d, s
        self.content, self.before, self.wanted = s.content(), s.keys(), s.duplicates | s.orphans
        d.save()

    def add_copies(self):
        """Some more copies, in what is saved of the disk."""
        connection = self.s.connect()
        connection.execute("INSERT INTO items(id, vector, source, text) SELECT 'row new ' || id, vector, source, text FROM items WHERE text LIKE 'Alone 1_.'")
        connection.commit()
        connection.close()
        self.content, self.before = self.s.content(), self.s.keys()
        self.wanted = self.wanted | {key for key in self.before if key.startswith("row new ")}
        shutil.rmtree(self.d.saved)
        self.d.save()

    def gone(self):
        return self.before - self.s.keys()

    def writes(self, begin):
        """{kind of path: how many writes}, once `begin` has done all of its work with space for everything."""
        self.d.reset()
        begin("1000000 /")
        counts = {}
        for what, path in self.d.calls():
            if what == "write":
                counts[kind(path)] = counts.get(kind(path), 0) + 1
        for path in self.d.folder.rglob("*"):
            if path.is_file() and path.name != "key":
                name = str(path.relative_to(self.d.folder))
                expect(any(fnmatch(name, final(k)) for k in counts), f"{name} is left, so it was written")
        return counts

    def nothing_lost(self, when):
        connection = sqlite3.connect(self.s.path)
        expect(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", f"{when}: the database is whole")
        connection.close()
        expect(self.gone() <= self.wanted, f"{when}: nothing else is gone")
        left = list(self.d.folder.rglob("*.tmp"))
        expect(not left, f"{when}: nothing half written is left: {left}")
        for receipt in Path(str(self.s.path) + ".upkeep").rglob("*.receipt.json"):
            result = run("undo", *self.s.options(sources=False), "--receipt", receipt)
            expect(result.returncode == 0, f"{when}: undo", result)
        expect(self.s.content() == self.content, f"{when}: all of it comes back")

    def was_hit(self, when, pattern):
        refused = [path for what, path in self.d.calls() if what == "full"]
        expect(refused and all(kind(path) == pattern for path in refused), f"{when}: there was no space for it, and for it alone: {refused}")

    def each_write(self, pattern, count):
        """The night, with a full disk at one write after another to such files."""
        for n in attempts(count):
            name = final(pattern)
            when = f"write {n} of {count} to {name}"
            self.d.reset()
            result = self.d.run(*self.night, full=f"{n} */{pattern}")
            self.was_hit(when, pattern)
            said = re.sub(r"\s+", " ", result.stdout + result.stderr)
            expect(result.returncode in (0, 5), f"{when}: the program ends by itself", result)
            if result.returncode != 0 or "Warning:" in said:
                its_name = name.replace("full.sqlite.upkeep/", "").lstrip("*")  # what SQLite or the audit log say of theirs names the whole
                expect(re.search("No space left on device|disk is full", said) and (its_name in said or re.match("full|history|trail", its_name)),
                       f"{when}: what is full is said", result)
            else:
                # Who holds a lock is told there, and no more; sketches only save time.
                expect(name.endswith((".lock", "sketches")) and self.gone() == self.wanted, f"{when}: all was done without it", result)
            self.nothing_lost(when)
            result = run(*self.night)
            expect(result.returncode == 0 and self.gone() == self.wanted, f"{when}: with space again", result)
            result = run("verify-audit", *self.audit)
            expect(result.returncode == 0, f"{when}: the audit log holds", result)


with disk() as d:
    t = scene(d, store("full.sqlite", groups=10, copies=1, orphans=4, alone=20), "--vacuum")

    def a_night(full):
        result = d.run(*t.night, full=full)
        expect(result.returncode == 0 and t.gone() == t.wanted, "a cleanup with space", result)

    counts = t.writes(a_night)
    BY_NIGHT = {"full.sqlite", "full.sqlite-journal", "full.sqlite.upkeep.lock", "full.sqlite.upkeep/*.backup", "full.sqlite.upkeep/*.receipt.json",
                "full.sqlite.upkeep/history.sqlite", "full.sqlite.upkeep/history.sqlite-journal", "night.prom", "night.prom.lock", "plan.jsonl",
                "report.json", "trail.jsonl", "trail.jsonl.head", "trail.jsonl.lock"}
    expect({final(k) for k in counts} == BY_NIGHT, f"a night writes what this test knows of: {BY_NIGHT ^ {final(k) for k in counts}}")
    for pattern, count in counts.items():
        t.each_write(pattern, count)

    # The page.
    d.reset()
    page = d.folder / "page.html"
    result = d.run("report", *t.s.options(sources=False), "--html", page, full="1 */page.html*")
    expect([what for what, path in d.calls() if path.startswith("page.html")] == ["write", "full"], f"a page is written, but for space: {d.calls()}")
    expect(result.returncode == 5 and "page.html" in result.stderr and not page.exists(), "a page that cannot be written", result)
    d.reset()
    result = d.run("report", *t.s.options(sources=False), "--html", page, full="1000000 /")
    written = {final(kind(path)) for what, path in d.calls() if what == "write"}
    expect(result.returncode == 0 and written == {"page.html"} and page.exists(), f"a page is all that a report writes: {written}", result)

    # What is served and when.
    def served(full):
        ask("trigger", t.s)
        night = server(t.s, *NOW, *t.leaves, environment=d.environment(full=full))
        expect(night.waits_for("job_ended") and night.stop() == 0 and t.gone() == t.wanted, f"a night with space: {night.said()}")

    counts = t.writes(served)
    MORE = {"full.sqlite.upkeep/jobs.sqlite", "full.sqlite.upkeep/jobs.sqlite-journal", "full.sqlite.upkeep/serve.lock"}
    names = {final(k) for k in counts}
    expect(names == (BY_NIGHT | MORE) - {"plan.jsonl"}, f"a night that is served writes what this test knows of: {names ^ (BY_NIGHT | MORE)}")
    for name in sorted(MORE - {"full.sqlite.upkeep/serve.lock"}):
        for n in attempts(counts[name] * 9 // 10):  # the very last ones are those of a server that was stopped
            when = f"write {n} of {counts[name]} to {name}"
            d.reset()
            ask("trigger", t.s)
            night = server(t.s, *NOW, environment=d.environment(full=f"{n} */{name}"))
            night.waits_for("job_ended")
            try:
                night.process.wait(30)
            except subprocess.TimeoutExpired:
                night.kill()
            t.was_hit(when, name)
            expect(night.process.returncode == 5 and "jobs.sqlite" in night.said() and "disk is full" in night.said(), f"{when}: is said: {night.said()}")
            night = server(t.s, *NOW)
            expect(night.waits_for("job_ended") and night.stop() == 0, f"{when}: with space again: {night.said()}")
            expect(t.gone() == t.wanted, f"{when}: what had to go is gone")
            result = ask("history", t.s)
            expect(result.stdout.count("manual  done") == 1, f"{when}: one night", result)
            told = night.said().split("notice:")[-1]
            removed = [int(k) for pair in re.findall(r"found, (\d+) removed|interrupted: (\d+) rows removed", told) for k in pair if k]
            expect(sum(removed) == len(t.wanted), f"{when}: people are told all of it: {told}")

# What the searches of a larger store leave for the next one: all of it, then what is new.
with disk() as d:
    t = scene(d, store("full.sqlite", groups=10, copies=1, orphans=4, alone=1500))

    def a_large_night(full):
        result = d.run(*t.night, full=full)
        expect(result.returncode == 0 and t.gone() == t.wanted, "a cleanup of a larger store with space", result)

    def sketches():
        found = {k: n for k, n in t.writes(a_large_night).items() if final(k) == "full.sqlite.upkeep/sketches"}
        expect(found, "its sketches are written")
        for pattern, count in found.items():
            t.each_write(pattern, count)
        return set(found)

    anew = sketches()
    d.reset()
    result = run(*["log" if word == "cleanup" else word for word in t.night])
    expect(result.returncode == 0 and t.gone() == set(), "a run that records", result)
    t.add_copies()
    expect(sketches().isdisjoint(anew), "what is new is added to them")

finish()
