"""A disk that loses its power, or is full, between the program and its files: what support/disk.cpp does, seen from a script."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from program import PROGRAM

LIBRARY = os.environ.get("UPKEEP_DISK_LIBRARY", "")


def require_disk():
    if not LIBRARY:
        print("skipped: the disk was not built")
        sys.exit(77)


class disk:
    """A folder that lies on such a disk; in memory, where no inode is used twice."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="upkeep-disk-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        self.folder, self.kept, self.log, self.saved = (self.root / name for name in ("folder", "kept", "log", "saved"))
        self.folder.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        shutil.rmtree(self.root)

    def save(self):
        shutil.copytree(self.folder, self.saved)

    def reset(self):
        """All is as it was when it was saved, and is on the disk."""
        for old in (self.folder, self.kept):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(self.saved, self.folder)
        self.kept.mkdir()
        for path in [self.folder, *self.folder.rglob("*")]:
            number = path.stat().st_ino
            if path.is_dir():
                (self.kept / f"d{number}").write_text("".join(f"{'d' if e.is_dir() else 'f'}{e.stat().st_ino} {e.name}\n" for e in path.iterdir()))
            else:
                shutil.copy(path, self.kept / str(number))

    def environment(self, cut=0, full=""):
        self.log.unlink(missing_ok=True)
        more = {"LD_PRELOAD": LIBRARY, "UPKEEP_DISK": str(self.folder), "UPKEEP_DISK_LOG": str(self.log), "UPKEEP_DISK_CUT": str(cut),
                "UPKEEP_DISK_FULL": full}
        if self.kept.exists() and not full:
            more["UPKEEP_DISK_KEPT"] = str(self.kept)
        return {**os.environ, **more}

    def run(self, *arguments, **more):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
                              env=self.environment(**more))

    def calls(self):
        """(write, sync or full, path below the folder) in their order; full follows a write for which there was no space."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(line.split(" ", 1)[0], os.path.relpath(line.split(" ", 1)[1], self.folder)) for line in lines]

    def lose_power(self, survives=lambda path: False):
        """What was not synced is lost, but for the files that had luck."""
        lucky = {path.relative_to(self.folder): path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and survives(path)}
        number = self.folder.stat().st_ino
        shutil.rmtree(self.folder)

        def rebuild(place, number):
            place.mkdir()
            listing = self.kept / f"d{number}"
            for line in listing.read_text().splitlines() if listing.exists() else []:
                kind, rest = line[0], line[1:]
                inode, name = rest.split(" ", 1)
                if kind == "d":
                    rebuild(place / name, inode)
                else:
                    content = self.kept / inode
                    (place / name).write_bytes(content.read_bytes() if content.exists() else b"")
                    (place / name).chmod(0o600)

        rebuild(self.folder, number)
        for path, content in lucky.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content)
