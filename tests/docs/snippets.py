#!/usr/bin/env python3
"""Compiles and runs every snippet of README.md and docs/: what a page shows is what happens.

    snippets.py SOURCE_DIR BIN_DIR COMPILER [FLAG ...]

A ```cpp block with a main() is a program: it is compiled and run, and a ```text block right behind it is its output. A ```cpp block without a
main() must stand, line by line, in a program of the same page or in a file under examples/. The commands of a ```console block ("$ ...") run in
one scratch folder per page, with BIN_DIR in the path; what follows a command is its output, where … stands for anything, in a line or, alone on a
line, for any lines. A command that is to fail says so: `# exits with 3`. Commands in ```sh blocks are not run: they are those that install or test
this repository. Any other language is refused, so that nothing slips through.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def folded(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def stands_in(part, whole):
    part, whole = folded(part), folded(whole)
    return any(whole[i:i + len(part)] == part for i in range(len(whole) - len(part) + 1))


def matches(expected, actual):
    """Whether the lines of `actual` are those of `expected`, in which … stands for anything."""
    pattern = []
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern.append(r"(?:.*\n)*")
        else:
            pattern.append(".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n")
    return re.fullmatch("".join(pattern), actual if actual.endswith("\n") or not actual else actual + "\n") is not None


class Page:
    def __init__(self, path, source, binaries, compiler):
        self.path, self.source, self.binaries, self.compiler = path, source, binaries, compiler
        self.name = path.relative_to(source)
        self.programs = [p.read_text() for p in sorted((source / "examples").rglob("*.[ch]pp"))]
        self.failures, self.ran = [], 0

    def fail(self, line, text):
        self.failures.append(f"{self.name}:{line}: {text}")

    def check(self):
        text = self.path.read_text()
        with tempfile.TemporaryDirectory(prefix="snippets-") as scratch:
            blocks = [(m.group(1), m.group(2), text.count("\n", 0, m.start()) + 1) for m in FENCE.finditer(text)]
            for i, (language, body, line) in enumerate(blocks):
                output = blocks[i + 1][1] if i + 1 < len(blocks) and blocks[i + 1][0] == "text" else None
                if language == "cpp" and "int main(" in body:
                    self.programs.append(body)
                    self.program(body, output, line, scratch)
                elif language == "cpp":
                    self.ran += 1
                    if not any(stands_in(body, program) for program in self.programs):
                        self.fail(line, "this fragment stands in no program of the page above it, nor under examples/")
                elif language == "console":
                    self.console(body, line, scratch)
                elif language not in ("text", "sh"):
                    self.fail(line, f"a block of language '{language}': use cpp, console, text or sh")

    def program(self, body, output, line, scratch):
        self.ran += 1
        file, program = pathlib.Path(scratch, f"line{line}.cpp"), pathlib.Path(scratch, f"line{line}")
        file.write_text(body)
        http = re.search(r"upkeep/(net/|\w+/(http|firestore|slack|webhook)_)", body)
        libraries = (["-lboost_json"] if "_json.hpp" in body or http else []) + (["-lsqlite3"] if "sql" in body else []) + ["-lpthread"]
        libraries += ["-lcpp-httplib", "-lssl"] if http else []
        libraries += ["-lcrypto"] if http or re.search(r"upkeep/(crypto/|\w+/audit_)", body) else []
        built = subprocess.run(self.compiler + [f"-I{self.source / 'include'}", str(file), "-o", str(program)] + libraries, capture_output=True, text=True)
        if built.returncode != 0:
            self.fail(line, "does not compile:\n" + built.stderr[:3000])
            return
        ran = subprocess.run([str(program)], capture_output=True, text=True, cwd=scratch, timeout=120)
        if ran.returncode != 0:
            self.fail(line, f"exits with {ran.returncode}: {ran.stderr}")
        elif output is not None and not matches(output, ran.stdout):
            self.fail(line, f"prints\n{ran.stdout}instead of\n{output}")

    def console(self, body, line, scratch):
        steps = []
        for row in body.splitlines():
            if row.startswith("$ "):
                steps.append([row[2:], ""])
            elif row.startswith("> ") and steps and not steps[-1][1]:
                steps[-1][0] += "\n" + row[2:]
            elif steps:
                steps[-1][1] += row + "\n"
        for command, expected in steps:
            self.ran += 1
            wanted = int(m.group(1)) if (m := re.search(r"# exits with (\d+)", command)) else 0
            environment = {"PATH": f"{self.binaries}:/usr/local/bin:/usr/bin:/bin", "HOME": scratch, "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
            ran = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 cwd=scratch, env=environment, timeout=300)
            if ran.returncode != wanted:
                self.fail(line, f"`{command}` exits with {ran.returncode} instead of {wanted}:\n{ran.stdout}")
            elif not matches(expected, ran.stdout):
                self.fail(line, f"`{command}` prints\n{ran.stdout}instead of\n{expected}")


def main():
    source, binaries, compiler = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    failures, ran = [], 0
    pages = [source / "README.md", source / "CONTRIBUTING.md"] + sorted((source / "docs").rglob("*.md"))
    for path in pages:
        page = Page(path, source, binaries, compiler)
        page.check()
        failures += page.failures
        ran += page.ran
    for failure in failures:
        print(failure)
    print(f"{ran} snippets on {len(pages)} pages, {len(failures)} failed")
    if ran == 0:
        print("no snippet was found: is this the right folder?")
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()
