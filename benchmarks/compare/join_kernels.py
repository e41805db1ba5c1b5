#!/usr/bin/env python3
"""Compares a program built for any x86-64 machine and linked with upkeep::kernels with one built for this machine alone, and with one built
for any machine without upkeep::kernels: the same join of the same rows, in turn. Prints the least seconds of each, the ratios to the program
built for this machine, and whether the pairs are the same.

Makes its builds in build/compare-*; changes nothing else. With --instructions, also what lesser machines would take (UPKEEP_INSTRUCTIONS).
"""
import argparse
import os
import subprocess
import sys

from join_faiss import DATA, build_ours, default_data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=default_data(), help="an .fvecs file")
    parser.add_argument("--finder", choices=["sketch", "exhaustive"], action="append", help="default: both")
    parser.add_argument("--threshold", type=float, default=0.98)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--instructions", nargs="*", default=[], help="also with these instruction sets of upkeep::kernels")
    parser.add_argument("--at-most", type=float, default=0.0, help="fail where the ratio of kernels to native is above this")
    options = parser.parse_args()
    if not os.path.exists(options.data):
        print("skipped: no data")
        return 0
    os.makedirs(DATA, exist_ok=True)

    runs = {name: (build_ours(options.compiler, name), {}) for name in ("native", "kernels", "generic")}
    for name in options.instructions:
        runs[f"kernels, {name}"] = (runs["kernels"][0], {"UPKEEP_INSTRUCTIONS": name})
    failed = False
    for finder in options.finder or ["sketch", "exhaustive"]:
        seconds = {name: [] for name in runs}
        pairs = {}
        for _ in range(options.rounds):
            for name, (program, more) in runs.items():
                file = os.path.join(DATA, "kernels.bin")
                run = subprocess.run([program, finder, options.data, str(options.threshold), str(options.threads),
                                      "5" if finder == "sketch" else "1", file], check=True, capture_output=True, text=True,
                                     env={**os.environ, **more})
                seconds[name].append(float(run.stdout))
                with open(file, "rb") as found:
                    bytes_ = found.read()
                pairs[name] = sorted(bytes_[k:k + 8] for k in range(0, len(bytes_), 8))
        print(f"{finder}_join, {os.path.basename(options.data)}, cosine >= {options.threshold}, {options.threads} threads, {options.compiler}, "
              f"least of {options.rounds} rounds, load {os.getloadavg()[0]:.1f}")
        for name, taken in seconds.items():
            same = "the same pairs" if pairs[name] == pairs["native"] else "OTHER PAIRS"
            failed |= pairs[name] != pairs["native"]
            print(f"  {name:20} {min(taken):9.4f} s   {min(taken) / min(seconds['native']):6.2f}   {len(pairs[name])} pairs, {same}")
        ratio = min(seconds["kernels"]) / min(seconds["native"])
        if options.at_most and ratio > options.at_most:
            print(f"the ratio {ratio:.2f} is above {options.at_most}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
