#!/usr/bin/env python3
"""Compares a whole `nightly_janitor plan` of the notes of shared/data, from a SQLite table, with FAISS 1.15.1's search for the pairs alone, in turn.

The plan's time is that of the whole process: it opens the table, reads vectors and texts, finds the pairs, asks the guard about each, and writes
plan and report. FAISS starts from normalised rows in memory and only finds pairs (join_faiss.py says how it is helped). Prints the medians of both,
the ratio, whether both found as many pairs, and what the plan takes beyond the join. Imports the table into build/compare-data; the program is that
of the preset release.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import join_faiss as compare

PROGRAM = os.path.join(compare.ROOT, "build", "release", "bin", "nightly_janitor")


def build():
    if not os.path.exists(os.path.join(compare.ROOT, "build", "release", "CMakeCache.txt")):
        subprocess.run(["cmake", "--preset", "release", "-DBUILD_TESTING=OFF", "-DUPKEEP_BUILD_BENCHMARKS=OFF"], cwd=compare.ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "nightly_janitor"], cwd=compare.ROOT, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    vectors, records = compare.default_data(), os.path.join(compare.data_folder(), "notes.jsonl")
    if not os.path.exists(vectors) or not os.path.exists(records):
        print("skipped: no data")
        return 0
    compare.enter_environment()

    import faiss
    import numpy as np

    build()
    os.makedirs(compare.DATA, exist_ok=True)
    database = os.path.join(compare.DATA, "notes.sqlite")
    plan, report = os.path.join(compare.DATA, "plan.jsonl"), os.path.join(compare.DATA, "report.json")
    if not os.path.exists(database):
        subprocess.run([PROGRAM, "import", "--vectors", vectors, "--records", records, "--database", database + ".part", "--table", "notes", "--id-column",
                        "key"], check=True, stdout=subprocess.DEVNULL)
        os.replace(database + ".part", database)
    raw = np.fromfile(vectors, dtype="<i4")
    width = int(raw[0])
    rows = np.ascontiguousarray(raw.reshape(-1, width + 1)[:, 1:]).view("<f4")
    norms = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    unit = (rows / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32)
    faiss.omp_set_num_threads(options.threads)
    index = faiss.IndexFlatIP(width)
    index.add(unit)
    radius = float(np.nextafter(np.float32(0.98), np.float32(-2)))
    index.range_search(unit[:2000], radius)  # warm
    command = [PROGRAM, "plan", "--database", database, "--table", "notes", "--id-column", "key", "--threads", str(options.threads), "--plan", plan,
               "--report", report, "--quiet"]
    subprocess.run(command, check=True)  # warm

    print(f"notes: {len(rows)} x {width}, cosine >= .98, {options.threads} threads, faiss {faiss.__version__}, load {os.getloadavg()[0]:.1f}")
    ours, theirs, beyond = [], [], []
    for number in range(options.rounds):
        started = time.perf_counter()
        subprocess.run(command, check=True)
        ours.append(time.perf_counter() - started)
        with open(report, encoding="utf-8") as file:
            said = json.load(file)
        beyond.append(said["total_seconds"] - said["seconds"]["join"])
        started = time.perf_counter()
        limits, _, neighbours = index.range_search(unit, radius)
        theirs.append(time.perf_counter() - started)
        print(f"round {number + 1}: plan {ours[-1]:.3f} s ({beyond[-1]:.3f} beyond the join), faiss {theirs[-1]:.3f} s", flush=True)
    first = np.repeat(np.arange(len(rows)), np.diff(limits.astype(np.int64)))
    found = int(((first < neighbours) & (norms[first] > 0) & (norms[neighbours] > 0)).sum())
    print(f"medians: plan {statistics.median(ours):.3f} s, {statistics.median(beyond):.3f} s of it beyond the join; faiss {statistics.median(theirs):.3f} s; "
          f"ratio {statistics.median(theirs) / statistics.median(ours):.2f}")
    print(f"pairs: plan {said['pairs']}, faiss {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
