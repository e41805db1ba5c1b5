#!/usr/bin/env python3
"""examples/Dockerfile, as far as it can be tried without a container: what it copies is enough to configure, what it builds is what it copies
on, and the packages it names are those that the build and the programs need."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, SOURCE, expect, finish  # noqa: E402

lines = re.sub(r"^#.*\n", "", (SOURCE / "examples" / "Dockerfile").read_text().replace("\\\n", " "), flags=re.M).splitlines()
steps = [line.split(None, 1) for line in lines if line.strip()]
last = max(i for i, step in enumerate(steps) if step[0] == "FROM")


def packages(part):
    found = re.search(r"apt-get install -y --no-install-recommends ([^&]+)&&", " ".join(s[1] for s in part if s[0] == "RUN"))
    return set(found[1].split())


# The packages of the build are those of `./cmake/bootstrap demo`, in the version that Debian 12 has.
listed = [line.split() for line in (SOURCE / "cmake" / "packages-debian.txt").read_text().splitlines() if line and not line.startswith("#")]
demo = {words[0].split("|")[0] for words in listed if words[1] == "demo"}
expect(packages(steps[:last]) == demo, f"the image is built with the packages of the demo: {packages(steps[:last]) ^ demo}")

# The last stage: nobody's user, the signal that ends a night between two batches, a place for the data, the programs that were built.
words = {step[0]: step[1] for step in steps[last:]}
expect(words.get("USER", "0").split(":")[0] not in ("0", "root"), "it does not run as root")
expect(words.get("STOPSIGNAL") == "SIGTERM" and words.get("VOLUME") == "/data" and words.get("ENTRYPOINT") == '["janitor_service"]', f"how it runs: {words}")
built = next(s[1] for s in steps if s[0] == "RUN" and "--build" in s[1]).split("--target", 1)[1].split()
copied = next(s[1] for s in steps[last:] if s[0] == "COPY").split()
expect([Path(p).name for p in copied[1:-1]] == built and all(p.startswith("/upkeep/build/bin/") for p in copied[1:-1]), f"what is built is copied on: {copied}")

# What is copied is enough to configure, and the targets exist.
tree = SCRATCH / "tree"
tree.mkdir()
for step in steps[:last]:
    if step[0] == "COPY":
        source, target = step[1].split()
        if expect((SOURCE / source).exists(), f"{source} exists"):
            (shutil.copytree if (SOURCE / source).is_dir() else shutil.copy)(SOURCE / source, tree / target)
configure = next(s[1] for s in steps if s[0] == "RUN" and s[1].startswith("cmake -S"))
if shutil.which("ninja") and shutil.which("cmake"):
    result = subprocess.run(["bash", "-c", configure], cwd=tree, capture_output=True, text=True)
    expect(result.returncode == 0, "it configures", result)
    result = subprocess.run(["ninja", "-C", "build", "-t", "commands", *built], cwd=tree, capture_output=True, text=True)
    expect(result.returncode == 0 and all(f"bin/{name}" in result.stdout for name in built), "and its targets are there", result)

# The libraries that the programs load, on a machine that can say which package they are of.
programs = [p for p in (PROGRAM, os.environ.get("UPKEEP_JANITOR_SERVICE", "")) if p]
release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
if programs and 'VERSION_ID="12"' in release and shutil.which("objdump") and shutil.which("dpkg"):
    needed = {name for p in programs for name in re.findall(r"NEEDED +(\S+)", subprocess.run(["objdump", "-p", p], capture_output=True, text=True).stdout)}
    base = {"libc6", "libgcc-s1", "libstdc++6", "libasan8", "libubsan1", "libtsan2"}
    for name in sorted(needed):
        said = subprocess.run(["dpkg", "-S", f"*/{name}"], capture_output=True, text=True).stdout
        owners = {line.split(":")[0] for line in said.splitlines()}
        expect(owners & (packages(steps[last:]) | base), f"{name} of the package {owners or 'nobody'} is in the image")
else:
    print("the libraries were not looked at: no program, or not Debian 12")
finish()
