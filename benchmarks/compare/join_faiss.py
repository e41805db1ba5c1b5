#!/usr/bin/env python3
"""Compares sketch_join (or exhaustive_join) with FAISS 1.15.1 (IndexFlatIP.range_search) on the same rows, in turn, on as many threads.

Makes its own virtual environment in build/compare-venv (faiss-cpu and numpy from PyPI) and its own builds and data in build/compare*;
changes nothing else. Prints the medians of both, the ratio, and whether the pair sets are equal: pairs may differ only where the cosine is
so near the threshold that single precision, in which FAISS decides, cannot tell; these are listed.

The rows are the notes of shared/data, an .fvecs file (--data), or made here: --case mixture (shared/data/mixture.py, 65,536 x 768), or
--case gaussian (50,000 x 384, every direction alike, so that nothing can be left out unseen).

FAISS is given every advantage: its rows are normalised before the clock starts, and what it finds twice (i, j and j, i) and of itself is
sorted out after it has stopped. Its matrix library does not know every processor and then falls back to code that is five times slower,
so the best kernels that the processor can run are named to it (OPENBLAS_CORETYPE, unless it is set). Ours starts from the rows as they are
and scores every pair in double precision.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, "build", "compare-venv")
BUILD = os.path.join(ROOT, "build", "compare")
DATA = os.path.join(ROOT, "build", "compare-data")
FLAGS = {"native": "-march=native", "avx2": "-mavx2 -mfma", "generic": "", "kernels": ""}  # kernels: generic, linked with upkeep::kernels
FAISS = "1.15.1"


def default_data():
    return os.path.join(data_folder(), "notes_bge-micro-v2_384.fvecs")


def data_folder():
    return os.environ.get("UPKEEP_TEST_DATA") or os.path.join(os.path.dirname(ROOT), "shared", "data")


def rows_of(case):
    """The .fvecs file of a case; made where it is missing."""
    import numpy as np
    if case == "notes":
        return default_data()
    os.makedirs(DATA, exist_ok=True)
    path = os.path.join(DATA, f"{case}.fvecs")
    if os.path.exists(path):
        return path
    if case == "mixture":
        recipe = os.path.join(data_folder(), "mixture.py")
        if not os.path.exists(recipe):
            return recipe
        subprocess.run([sys.executable, recipe, "65536", "768", path + ".part"], check=True)
    else:
        n, d = 50000, 384
        block = np.empty((n, d + 1), np.float32)
        block[:, 0] = np.array([d], np.int32).view(np.float32)[0]
        block[:, 1:] = np.random.default_rng(1).standard_normal((n, d))
        block.tofile(path + ".part")
    os.replace(path + ".part", path)
    return path


def best_blas_core():
    """The name under which FAISS's matrix library has its fastest kernels for this processor, or nothing where it must decide itself."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line.split() for line in file if line.startswith("flags")), [])
    except OSError:
        flags = []
    return "SkylakeX" if {"avx512f", "avx512bw", "avx512vl"} <= set(flags) else "Haswell" if {"avx2", "fma"} <= set(flags) else None


def enter_environment():
    """Runs this script again inside the virtual environment, which it makes where it is missing."""
    python = os.path.join(VENV, "bin", "python3")
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    have = subprocess.run([python, "-c", f"import numpy, faiss; assert faiss.__version__ == '{FAISS}'"], capture_output=True)
    if have.returncode != 0:
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"faiss-cpu=={FAISS}", "numpy"], check=True)
    core = best_blas_core()
    if core:
        os.environ.setdefault("OPENBLAS_CORETYPE", core)
    os.execv(python, [python, *sys.argv])


def build_ours(compiler, instructions, name="join"):
    folder = f"{BUILD}-{compiler}-{instructions}"
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={compiler}",
                        f"-DCMAKE_CXX_FLAGS={FLAGS[instructions]}", f"-DUPKEEP_OWN_KERNELS={'ON' if instructions == 'kernels' else 'OFF'}",
                        "-DUPKEEP_BUILD_BENCHMARKS=ON", "-DUPKEEP_BUILD_EXAMPLES=OFF",
                        "-DBUILD_TESTING=OFF"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", f"benchmark_compare_{name}"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "benchmarks", f"compare_{name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=["notes", "mixture", "gaussian"], default="notes")
    parser.add_argument("--data", help="an .fvecs file instead")
    parser.add_argument("--finder", choices=["sketch", "exhaustive"], default="sketch")
    parser.add_argument("--instructions", choices=sorted(FLAGS), default="native", help="what ours is compiled for")
    parser.add_argument("--threshold", type=float, default=0.98)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--at-least", type=float, default=0.0, help="fail where the ratio of the medians is below this")
    options = parser.parse_args()
    enter_environment()
    options.data = options.data or rows_of(options.case)
    if not os.path.exists(options.data) or not options.data.endswith(".fvecs"):
        print("skipped: no data")
        return 0

    import faiss
    import numpy as np

    program = build_ours(options.compiler, options.instructions)
    pairs_file = os.path.join(DATA, "pairs.bin")
    os.makedirs(DATA, exist_ok=True)

    raw = np.fromfile(options.data, dtype="<i4")
    width = int(raw[0])
    rows = np.ascontiguousarray(raw.reshape(-1, width + 1)[:, 1:]).view("<f4")
    count = rows.shape[0]
    norms = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    usable = norms > 0
    unit = np.zeros_like(rows)
    unit[usable] = (rows[usable] / norms[usable, None]).astype(np.float32)
    faiss.omp_set_num_threads(options.threads)
    index = faiss.IndexFlatIP(width)
    index.add(unit)
    # range_search returns what is above the radius, not at it: the next smaller float includes the threshold itself.
    radius = float(np.nextafter(np.float32(options.threshold), np.float32(-2)))
    index.range_search(unit[:2000], radius)  # warm

    print(f"{os.path.basename(options.data)}: {count} x {width}, cosine >= {options.threshold}, {options.threads} threads, "
          f"{options.compiler} {options.instructions}, faiss {faiss.__version__} ({faiss.get_compile_options().strip()}; "
          f"matrix kernels {os.environ.get('OPENBLAS_CORETYPE', 'of its own choice')}), load {os.getloadavg()[0]:.1f}")
    ours, theirs = [], []
    for number in range(options.rounds):
        run = subprocess.run([program, options.finder, options.data, str(options.threshold), str(options.threads), "5" if options.finder == "sketch" else "1",
                              pairs_file], check=True,
                             capture_output=True, text=True)
        ours.append(float(run.stdout))
        started = time.perf_counter()
        limits, _, neighbours = index.range_search(unit, radius)
        theirs.append(time.perf_counter() - started)
        print(f"round {number + 1}: {options.finder}_join {ours[-1]:.4f} s, faiss {theirs[-1]:.3f} s", flush=True)

    mine = np.fromfile(pairs_file, dtype="<u4").reshape(-1, 2).astype(np.int64)
    first = np.repeat(np.arange(count), np.diff(limits.astype(np.int64)))
    keep = (first < neighbours) & usable[first] & usable[neighbours]
    code_theirs = np.unique(first[keep] * count + neighbours[keep])
    code_mine = np.unique(mine[:, 0] * count + mine[:, 1])
    only = np.setxor1d(code_mine, code_theirs)
    # The rounding of a sum of `width` products of unit rows, and of the rows themselves: nothing beyond it may differ.
    rounding = (width + 3) * 2.0**-24
    unexplained = 0
    for code in only:
        i, j = divmod(int(code), count)
        cosine = float(np.dot(rows[i].astype(np.float64), rows[j].astype(np.float64)) / (norms[i] * norms[j]))
        who = "ours" if code in code_mine else "faiss"
        near = abs(cosine - options.threshold) <= rounding
        unexplained += not near
        print(f"only {who}: ({i}, {j}) cosine {cosine:.10f}, {'within single-precision rounding' if near else 'NOT EXPLAINED'}")

    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"medians: {options.finder}_join {statistics.median(ours):.4f} s, faiss {statistics.median(theirs):.3f} s; ratio {ratio:.2f}")
    print(f"pairs: {options.finder}_join {code_mine.size}, faiss {code_theirs.size}; "
          + ("sets equal" if only.size == 0 else f"{only.size} differ, {unexplained} of them unexplained"))
    if unexplained:
        return 1
    if ratio < options.at_least:
        print(f"the ratio {ratio:.2f} is below {options.at_least}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
