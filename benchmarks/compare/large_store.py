#!/usr/bin/env python3
"""Measures sketch_join on one large set of rows: in memory, from a SQLite store that is left where it is, and on the night after.

Makes shared/data/mixture.py's rows (1,000,000 x 384, five in a hundred planted near another; 1.5 GB, needs numpy in a virtual environment of
its own), a SQLite store of them and its build, all below build/; changes nothing else. There is no peer to run beside it: FAISS 1.15.1 would
take over an hour at this size (join_growth.py draws how its time grows).
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import join_faiss as compare


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--components", type=int, default=384)
    parser.add_argument("--compiler", default="g++")
    options = parser.parse_args()
    recipe = os.path.join(compare.data_folder(), "mixture.py")
    if not os.path.exists(recipe):
        print("skipped: no data")
        return 0
    compare.enter_environment()

    os.makedirs(compare.DATA, exist_ok=True)
    vectors = os.path.join(compare.DATA, f"planted-{options.rows}x{options.components}.fvecs")
    if not os.path.exists(vectors):
        subprocess.run([sys.executable, recipe, str(options.rows), str(options.components), vectors + ".part", "--planted", ".05"], check=True)
        os.replace(vectors + ".part", vectors)
    program = compare.build_ours(options.compiler, "native", "large_store")
    database = vectors[:-len(".fvecs")] + ".sqlite"
    if not os.path.exists(database):
        subprocess.run([program, "fill", vectors, database + ".part"], check=True)
        os.replace(database + ".part", database)
    print(f"{options.rows} x {options.components}, cosine >= .98, 2 threads, {options.compiler}, load {os.getloadavg()[0]:.1f}", flush=True)
    remembered = os.path.join(compare.DATA, "sketches")
    for arguments in (["memory", vectors], ["store", database], ["nights", vectors, remembered]):
        subprocess.run([program, *arguments], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
