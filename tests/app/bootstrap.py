#!/usr/bin/env python3
"""./cmake/bootstrap with stand-ins for the system's tools: what it installs, what it says where it cannot, how it counts, how it ends."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ.get("UPKEEP_SOURCE_DIR") or Path(__file__).resolve().parents[2])
DEBIAN = 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
PACKAGES = [line.split()[:2] for line in (SOURCE / "cmake/packages-debian.txt").read_text().split("\n") if line.strip() and line[0] != "#"]
ALL = [names.split("|")[0] for names, *_ in PACKAGES]
failures = []


def expect(held, what, result=None):
    if not held:
        failures.append(what)
        print(f"failed: {what}")
        if result is not None:
            print(f"  ended with {result.returncode}\n{result.stdout}\n{result.stderr}")


class machine:
    """A tree with only the bootstrap in it, and a PATH whose first folder holds stand-ins that write down how they were called."""

    def __init__(self, installed=(), user="0", system=DEBIAN, available=None, tools=None):
        self.root = Path(tempfile.mkdtemp(dir=os.environ.get("UPKEEP_SCRATCH_DIR")))
        (self.root / "cmake").mkdir()
        (self.root / "fake").mkdir()
        for name in ("bootstrap", "packages-debian.txt"):
            shutil.copy(SOURCE / "cmake" / name, self.root / "cmake")
        (self.root / "os-release").write_text(system)
        listing = "".join(f"echo '{name} installed'\n" for name in installed)
        known = "exit 0" if available is None else "case $* in " + "".join(f"*' {name}') exit 0 ;; " for name in available) + "esac; exit 100"
        self.fake("dpkg-query", listing)
        self.fake("apt-cache", known)
        self.fake("apt-get", 'echo "apt-get $*" >>"$CALLS"\necho "asked: $DEBIAN_FRONTEND" >>"$CALLS"\n')
        self.fake("id", f"echo {user}\n")
        self.fake("sudo", 'echo "sudo $*" >>"$CALLS"\nexit 1\n')
        for name, body in (tools or {}).items():
            self.fake(name, body)

    def fake(self, name, body):
        path = self.root / "fake" / name
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, *arguments, **variables):
        environment = dict(os.environ, **variables, PATH=f"{self.root / 'fake'}:{os.environ['PATH']}", CALLS=str(self.root / "calls"),
                           UPKEEP_OS_RELEASE=str(self.root / "os-release"))
        result = subprocess.run([str(self.root / "cmake/bootstrap"), *arguments], capture_output=True, text=True, env=environment,
                                stdin=subprocess.DEVNULL, timeout=120)
        calls = self.root / "calls"
        self.calls = calls.read_text() if calls.exists() else ""
        return result


def cmake(version):
    return f'case "$*" in *--build*) exit ${{FAKE_BUILD:-0}} ;; --version) echo "cmake version {version}"; exit 0 ;; esac\necho "cmake $*" >>"$CALLS"\n'


CMAKE = cmake("3.25.1")


def gxx(gcc="12", clang="", boost="1_81"):
    """A compiler that defines what one of this version does; each Clang says that it is GCC 4.2."""
    compiler = f'echo "#define __clang_major__ {clang}"; echo "#define __GNUC__ 4"' if clang else f'echo "#define __GNUC__ {gcc}"'
    library = f"echo '#define BOOST_LIB_VERSION \"{boost}\"'" if boost else "exit 1"
    return f'{compiler}\ncase "$*" in *" -") {library} ;; esac\n'


def ctest(lines):
    return 'echo "ctest $*" >>"$CALLS"\n' + "".join(f"echo '{line}'\n" for line in lines)


def main():
    # How it is called.
    result = machine().run()
    expect(result.returncode == 2 and "usage:" in result.stderr, "no command: usage and 2", result)
    result = machine().run("frobnicate")
    expect(result.returncode == 2 and "no command 'frobnicate'" in result.stderr and "usage:" in result.stderr, "an unknown command", result)
    result = machine().run("test", "--short")
    expect(result.returncode == 2 and "--short" in result.stderr, "an unknown option of test", result)
    result = machine().run("--help")
    expect(result.returncode == 0 and "usage:" in result.stdout, "--help", result)

    # Everything is there: apt is not asked.
    ok = ctest(["100% tests passed, 0 tests failed out of 7"])
    m = machine(installed=ALL, tools={"cmake": CMAKE, "ctest": ok})
    result = m.run("test")
    expect(result.returncode == 0 and "apt-get" not in m.calls, "nothing is missing: apt-get is not called", result)
    expect(result.stdout.split("\n")[-2] == "21 passed, 0 failed", "the last line is the sum over three presets", result)
    expect([p for p in ("dev", "clang", "sanitize") if f"ctest --preset {p} -LE long" in m.calls] == ["dev", "clang", "sanitize"],
           "dev, clang and sanitize are run, without the long tests", result)
    expect("--preset thread" not in m.calls, "the other presets are left for --long", result)

    # Something is missing.
    m = machine(installed=ALL[2:], tools={"cmake": CMAKE, "ctest": ok})
    result = m.run("test")
    expect("apt-get update" in m.calls and f"install -q --yes --no-install-recommends {ALL[0]} {ALL[1]}\n" in m.calls
           and "asked: noninteractive" in m.calls, "root: the two missing packages are installed, without a question", result)
    alternatives = next(names.split("|") for names, *_ in PACKAGES if "|" in names)
    m = machine(installed=[name for name in ALL if name != alternatives[0]], available=[alternatives[1]], tools={"cmake": CMAKE, "ctest": ok})
    result = m.run("test")
    expect(f"--no-install-recommends {alternatives[1]}\n" in m.calls, "the first alternative that can be had is installed", result)
    m = machine(installed=[name for name in ALL if name != alternatives[0]] + [alternatives[1]], tools={"cmake": CMAKE, "ctest": ok})
    m.run("test")
    expect("apt-get" not in m.calls, "an alternative that is installed will do", result)
    m = machine(installed=ALL[1:], user="1000")
    result = m.run("test")
    line = f"apt-get update && apt-get install --yes --no-install-recommends {ALL[0]}\n"
    expect(result.returncode == 1 and line in result.stderr and "apt-get" not in m.calls.replace("sudo", ""),
           "neither root nor sudo: the line to run, and nothing else", result)
    test_only = [names.split("|")[0] for names, use in PACKAGES if use == "test"]
    m = machine(installed=[name for name in ALL if name not in test_only], tools={"cmake": CMAKE})
    result = m.run("demo")
    expect("apt-get" not in m.calls, "the demo does not install what only the tests need", result)

    # Another system.
    m = machine(system='ID=fedora\nPRETTY_NAME="Fedora Linux 40"\n', tools={"c++": "exit 1", "cmake": CMAKE, "ctest": ok})
    result = m.run("test")
    expect(result.returncode == 1 and "this is Fedora Linux 40" in result.stderr and "  SQLite 3\n" in result.stderr
           and "RapidCheck" in result.stderr and "apt-get" not in m.calls, "another system: one message that lists what is missing", result)
    m = machine(system="ID=other\n", tools={name: "exit 0" for name in ("c++", "g++", "clang++-14", "clang-format-14", "ninja", "nm")} | {"cmake": CMAKE, "ctest": ok})
    result = m.run("test")
    expect(result.returncode == 0, "another system that has everything goes on", result)

    # What is there is too old: one sentence that names each thing, its version and what is needed, and nothing is installed or built.
    for system, what in ((DEBIAN.replace("Debian GNU/Linux 12 (bookworm)", "Ubuntu 22.04.5 LTS"), "Debian or Ubuntu"), ("ID=other\n", "another system")):
        others = {name: "exit 0" for name in ("c++", "clang++-14", "clang-format-14", "ninja", "nm")}
        for command in ("test", "demo"):
            m = machine(installed=ALL[3:], system=system, tools=others | {"g++": gxx(gcc="11", boost="1_74"), "cmake": cmake("3.22.1"), "ctest": ok})
            result = m.run(command)
            expect(result.returncode == 1 and result.stderr.count("\n") == 1 and "GCC 11 (12 or later is needed)" in result.stderr
                   and "CMake 3.22.1 (3.25 or later is needed)" in result.stderr and "Ubuntu 24.04" in result.stderr,
                   f"{command}, {what}: an old compiler and an old CMake are named in one sentence", result)
            expect("apt-get" not in m.calls and "--preset" not in m.calls, f"{command}, {what}: and nothing is done", result)
        for old, sentence in ((dict(boost="1_74"), "Boost 1.74 (1.81 or later is needed)"), (dict(clang="13"), "Clang 13 (14 or later is needed)"),
                              (dict(version="3.9.6"), "CMake 3.9.6 (3.25 or later is needed)")):
            version = old.pop("version", "3.25.1")
            m = machine(installed=ALL, system=system, tools=others | {"g++": gxx(**old), "cmake": cmake(version), "ctest": ok})
            result = m.run("test")
            expect(result.returncode == 1 and result.stderr.count("\n") == 1 and f"too old on this system: {sentence};" in result.stderr
                   and "--preset" not in m.calls, f"{what}: {sentence}, and nothing else", result)
        for new in (dict(), dict(gcc="14", boost="1_88"), dict(clang="14"), dict(boost="")):
            m = machine(installed=ALL, system=system, tools=others | {"g++": gxx(**new), "cmake": cmake("3.25.0" if not new else "4.1.2"), "ctest": ok})
            result = m.run("test")
            expect(result.returncode == 0 and "too old" not in result.stderr, f"{what}: {new or 'exactly the floor'} will do", result)
    # A Boost in another place is CMake's to judge.
    tools = {"g++": gxx(boost="1_74"), "cmake": cmake("3.25.1"), "ctest": ok}
    result = machine(installed=ALL, tools=tools).run("test", Boost_DIR="/opt/boost/lib/cmake")
    expect(result.returncode == 0, "a Boost that is named by hand is not held against the system's", result)
    # The old Boost of the system may be what the packages are about to replace.
    m = machine(installed=ALL[1:], tools=tools)
    result = m.run("test")
    expect(result.returncode == 1 and f"install -q --yes --no-install-recommends {ALL[0]}\n" in m.calls and "Boost 1.74" in result.stderr
           and "--preset" not in m.calls, "Boost is looked at when the packages are there", result)

    # How it counts and ends.
    some = ctest(["3/4 Test #3: a .......***Skipped   0.01 sec", "75% tests passed, 1 tests failed out of 4"])
    result = machine(installed=ALL, tools={"cmake": CMAKE, "ctest": some}).run("test")
    expect(result.returncode == 1 and result.stdout.split("\n")[-2] == "6 passed, 3 failed, 3 skipped", "failures and skips are counted", result)
    result = machine(installed=ALL, tools={"cmake": CMAKE, "ctest": "echo 'No tests were found!!!'; exit 8"}).run("test")
    expect(result.returncode == 1 and result.stdout.split("\n")[-2] == "0 passed, 3 failed", "no test ran: that is a failure", result)
    result = machine(installed=ALL, tools={"cmake": "exit 1", "ctest": ok}).run("test")
    expect(result.returncode == 1 and result.stdout.split("\n")[-2] == "0 passed, 3 failed", "a preset that cannot be configured fails", result)
    result = machine(installed=ALL, tools={"cmake": CMAKE.replace("${FAKE_BUILD:-0}", "1"), "ctest": ok}).run("test")
    expect(result.returncode == 1 and result.stdout.split("\n")[-2] == "21 passed, 3 failed", "a build that fails is a failure", result)

    # The long way.
    m = machine(installed=ALL, tools={"cmake": CMAKE, "ctest": ok})
    m.fake("unused", "")
    (m.root / "cmake/newest-packages").write_text("#!/bin/sh\necho 'newest: skipped: no mirror'\nexit 77\n")
    (m.root / "cmake/newest-packages").chmod(0o755)
    result = m.run("test", "--long")
    expect(result.returncode == 0 and result.stdout.split("\n")[-2] == "49 passed, 0 failed, 1 skipped",
           "--long: seven presets, of which newest cannot be had, and sanitize once more for the fuzzers", result)
    expect("ctest --preset sanitize -L fuzz" in m.calls, "--long: the fuzzers look for new input", result)
    expect("ctest --preset dev\n" in m.calls and "ctest --preset release\n" in m.calls, "--long runs the long tests", result)

    # The demo hands its options on, and its exit code back.
    m = machine(installed=ALL, tools={"cmake": CMAKE})
    program = m.root / "build/release/bin/nightly_janitor"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "program:$*"\nexit 3\n')
    program.chmod(0o755)
    result = m.run("demo", "--notes", "a folder")
    expect(result.returncode == 3 and "program:demo --notes a folder" in result.stdout, "the demo's options and exit code", result)
    result = machine(installed=ALL, tools={"cmake": "echo 'no such preset'; exit 1"}).run("demo")
    expect(result.returncode == 1 and "no such preset" in result.stderr, "what failed while building is shown", result)

    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
