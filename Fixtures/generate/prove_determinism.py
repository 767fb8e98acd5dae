"""Proves that Ferry writes the same bytes for the same input, whatever surrounds it.

    python prove_determinism.py --ferry PATH_TO_BINARY [--runs 5]

Every model among the fixtures goes to every destination several times. Each run
has its own time zone, clock (by faketime, Debian package of that name), locale,
umask, working folder, names of both files, number of threads, HOME and TMPDIR.
The written file, and the file of weights beside it, must have the same bytes each
time; a destination that refuses a model must refuse it in the same words.

Prints a table of models and destinations, and exits with 1 if anything differs.
Uses Python's standard library alone.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Destinations, each with the options that make it.
DESTINATIONS = {
    "onnx": ["--to", "onnx"],
    "onnx-9": ["--to", "onnx", "--opset", "9"],
    "onnx+data": ["--to", "onnx", "--external-data"],
    "hdf5": ["--to", "hdf5"],
    "keras-weights-h5": ["--to", "keras-weights-h5"],
    "keras-h5": ["--to", "keras-h5"],
    "keras3-weights-h5": ["--to", "keras3-weights-h5"],
    "keras": ["--to", "keras"],
    "pth": ["--to", "pth"],
    "safetensors": ["--to", "safetensors"],
    "npz": ["--to", "npz"],
    "pth f16": ["--to", "pth", "--dtype", "f16"],
    "keras f16": ["--to", "keras", "--dtype", "f16"],
}

# What a run is made in; as many as runs can be asked for.
ZONES = ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Europe/Paris"]
CLOCKS = ["2001-02-03 04:05:06", "2024-02-29 23:59:58", "1999-12-31 23:59:59",
          "2037-07-01 12:00:00", "2016-12-31 00:00:01"]
LOCALES = ["C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8", "ar_EG.UTF-8"]
UMASKS = [0o022, 0o077, 0o000, 0o027, 0o002]
THREADS = [1, 2, 3, 8, 64]
NAMES = [("a", "b"), ("model.v2", "out.final"), ("Ünï cødé", "z"), ("x" * 60, "y" * 90),
         ("-dash", "data")]


def sources():
    """Models among the fixtures, but for those that are several files or made to be refused."""
    endings = {".onnx", ".h5", ".keras", ".pth", ".safetensors", ".npz"}
    found = []
    for folder in ["models", "keras", "checkpoints"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in endings or "refused" in path.parts or "golden" in str(path):
                continue
            if re.search(r"-0000\d-of-", path.name):
                continue
            found.append(path)
    return found


def options(source):
    """What only a user can know of a model."""
    name = str(source)
    words = []
    for network in ["lenet5_tanh", "lenet5"]:
        if network in name and source.suffix != ".onnx":
            words += ["--arch", network]
            break
    if "keras1_th" in name or "keras0" in name:
        words += ["--keras-kernels", "theano"]
    return words


def convert(ferry, source, extra, run, clock):
    """Digests of what one run writes, by a name without the destination's; or its refusal."""
    before, after = NAMES[run]
    with tempfile.TemporaryDirectory(prefix=f"ferry-{run}-") as base:
        work = Path(base, *["deep"] * run, "work")
        home = Path(base, "home")
        work.mkdir(parents=True)
        home.mkdir()
        origin = work / (before + source.suffix)
        shutil.copy(source, origin)
        target = work / after
        environment = {
            "PATH": "/usr/bin:/bin", "TZ": ZONES[run], "LC_ALL": LOCALES[run],
            "LANG": LOCALES[run], "HOME": str(home), "TMPDIR": str(home),
            "SOURCE_DATE_EPOCH": str(run), "COLUMNS": str(20 * run + 1),
        }
        command = [str(ferry), "convert", *extra, "--threads", str(THREADS[run]), "--",
                   origin.name, target.name]
        if clock:
            command = [clock, "-f", f"@{CLOCKS[run]}", *command]
        result = subprocess.run(
            command, cwd=work, env=environment, umask=UMASKS[run], capture_output=True,
            text=True, timeout=120, check=False)
        if result.returncode != 0:
            words = result.stderr.strip().split("\n")[-1]
            # Messages begin with the name of a file.
            for name in [origin.name, target.name]:
                words = words.removeprefix(f"ferry: {name}: ")
            return ("refused", result.returncode, words)
        written = {}
        for path in sorted(work.iterdir()):
            if path == origin:
                continue
            name = "DST" if path == target else path.name
            written[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return ("written", tuple(sorted(written.items())))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ferry", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5, choices=range(2, len(NAMES) + 1))
    arguments = parser.parse_args()
    ferry = arguments.ferry.resolve()
    clock = shutil.which("faketime")
    if not clock:
        sys.exit("expected faketime on the path, found none: apt-get install faketime")

    names = list(DESTINATIONS)
    width = max(len(str(path.relative_to(ROOT))) for path in sources())
    print(" " * width, *names, sep="  ")
    counts = {"same": 0, "refused": 0, "DIFFERS": 0}
    details = []
    for source in sources():
        label = str(source.relative_to(ROOT))
        cells = []
        for destination, extra in DESTINATIONS.items():
            extra = extra + options(source)
            runs = [convert(ferry, source, extra, run, clock) for run in range(arguments.runs)]
            if any(run != runs[0] for run in runs):
                cell = "DIFFERS"
                details += [f"{label} to {destination}, run {i}: {r}" for i, r in enumerate(runs)]
            elif runs[0][0] == "refused":
                cell = "refused"
                details.append(f"{label} to {destination}: {runs[0][2]}")
            else:
                cell = "same"
            counts[cell] += 1
            cells.append(cell.ljust(len(destination)))
        print(label.ljust(width), *cells, sep="  ", flush=True)
    print()
    print(*details, sep="\n")
    print()
    print(f"{counts['same']} pairs of model and destination gave the same bytes in "
          f"{arguments.runs} runs each, {counts['refused']} were refused in the same words, "
          f"{counts['DIFFERS']} differed")
    sys.exit(1 if counts["DIFFERS"] or not counts["same"] else 0)


if __name__ == "__main__":
    main()
