#!/usr/bin/env python3
"""Puts plausible bugs back, one at a time, and expects the test that is there for each to fail.

usage: mutate.py --compiler CXX [--only WORD] ROOT TABLE -- FLAG...
       mutate.py --selftest CXX

TABLE is a Python file that defines `mutations`, a list of (name, header below include/upkeep, text, replacement, test below tests/). A text
must occur exactly once: a bug that cannot be put back any more is an error, as is one that does not compile. Each test is first compiled
without any mutation, and must pass.
"""
import argparse
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

mutation = namedtuple("mutation", "name header text replacement test")


class broken(Exception):
    pass


class bench:
    """A copy of include/ in which one header at a time is wrong, and what tests are compiled with."""

    def __init__(self, compiler, root, folder, flags):
        self.compiler, self.root, self.folder, self.flags = compiler, Path(root), Path(folder), flags
        self.include = self.folder / "include"
        shutil.copytree(self.root / "include", self.include)
        self.main = self.folder / "main.o"
        main = self.root / "tests" / "support" / "main.cpp"
        self.compile(["-O0", "-g0", "-c", str(main), "-o", str(self.main)])

    def compile(self, arguments):
        command = [self.compiler, "-I", str(self.include), "-I", str(self.root / "tests"), f'-DUPKEEP_SOURCE_DIR="{self.root}"',
                   *self.flags, "-w", *arguments]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise broken("does not compile:\n" + result.stderr[:4000])

    def passes(self, test):
        program = self.folder / "test"
        libraries = ["-lrapidcheck"] if "rapidcheck.h" in (self.root / "tests" / test).read_text(encoding="utf-8") else []
        self.compile(["-O1", str(self.root / "tests" / test), str(self.main), "-o", str(program), "-pthread", *libraries])
        try:  # a wrong program may do anything: what ends by a signal or not at all is as red as a failed check
            return subprocess.run([str(program), "~[long]"], capture_output=True, timeout=600).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def passes_with(self, m):
        header = self.include / "upkeep" / m.header
        right = header.read_text(encoding="utf-8")
        if right.count(m.text) != 1:
            raise broken(f"its text stands {right.count(m.text)} times in {m.header}: {m.text}")
        header.write_text(right.replace(m.text, m.replacement), encoding="utf-8")
        try:
            return self.passes(m.test)
        finally:
            header.write_text(right, encoding="utf-8")


def run(compiler, root, table, only, flags):
    mutations = [mutation(*m) for m in table if only in m[0]]
    failures = 0

    def say(verdict, name, began):
        print(f"{verdict:9} {name} ({time.monotonic() - began:.0f} s)", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        on = bench(compiler, root, folder, flags)
        for test in sorted({m.test for m in mutations}):
            began = time.monotonic()
            try:
                verdict = "green" if on.passes(test) else "RED"
            except (broken, OSError) as problem:
                verdict = f"BROKEN: {problem}\n"
            failures += verdict != "green"
            say(verdict, f"{test} without any bug", began)
        for m in mutations:
            began = time.monotonic()
            try:
                verdict = "SURVIVED" if on.passes_with(m) else "red"
            except (broken, OSError) as problem:
                verdict = f"BROKEN: {problem}\n"
            failures += verdict != "red"
            say(verdict, f"{m.name}: {m.test}", began)
    print(f"{len(mutations)} bugs put back, {failures} failures")
    return failures == 0 and len(mutations) > 0


def selftest(compiler):
    """A bug that no test sees, one whose text is gone and one that does not compile are all found."""
    cases = [("seen", "return 2;", "return 3;", True), ("not seen", "/* twice */", "/* thrice */", False), ("gone", "return 7;", "", False),
             ("twice there", "int", "long", False), ("no program", "return 2;", "return two;", False)]
    bad = 0
    for name, text, replacement, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "include" / "upkeep").mkdir(parents=True)
            (root / "tests" / "support").mkdir(parents=True)
            (root / "include" / "upkeep" / "two.hpp").write_text("inline int two() { return 2; /* twice */ }\ninline int one() { return 1; }\n")
            (root / "tests" / "two.cpp").write_text('#include "upkeep/two.hpp"\nint answer() { return two() - 2; }\n')
            (root / "tests" / "support" / "main.cpp").write_text("int answer();\nint main() { return answer(); }\n")
            found = run(compiler, root, [(name, "two.hpp", text, replacement, "two.cpp")], "", ["-std=c++20"])
            if found != expected:
                print(f"{name}: taken for {'red' if found else 'a failure'}")
                bad += 1
    print(f"{len(cases)} cases, {bad} failures")
    return bad == 0


def main():
    own, flags = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, flags = own[:cut], own[cut + 1:]
    if own[:1] == ["--selftest"]:
        return selftest(own[1])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--only", default="", help="of the mutations, those with this in their name")
    parser.add_argument("root")
    parser.add_argument("table")
    options = parser.parse_args(own)
    return run(options.compiler, options.root, runpy.run_path(options.table)["mutations"], options.only, flags)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
