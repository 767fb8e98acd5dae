"""Cold start: a whole process, from files to the top-5, in interleaved rounds."""

import json
import statistics
import subprocess
import sys
import time

import results
from contestants import HERE, PAUSE_SECONDS, environment, measured
from networks import prepare

NETWORKS = ["vgg16", "alexnet"]
PICTURE = results.ROOT / "Fixtures" / "images" / "coffee_420.jpg"


def output(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def commands(ferry, model, threads):
    return {
        "Ferry": [ferry, "run", model, PICTURE, "--threads", str(threads)],
        "ONNX Runtime": [
            sys.executable, HERE / "cold_onnxruntime.py", model, PICTURE, str(threads)],
    }


def agree(ferry, model, threads):
    """Refuses to time two that answer differently."""
    both = commands(ferry, model, threads)
    ours = json.loads(output([*both["Ferry"], "--json"]))[0]["top"]
    theirs = [line.split() for line in output(both["ONNX Runtime"]).splitlines()]
    for one, (percent, _, index) in zip(ours, theirs, strict=True):
        if str(one["index"]) != index or abs(100 * one["probability"] - float(percent)) > 0.02:
            raise SystemExit(f"{model}: expected the same top-5, found {ours} and {theirs}")


def measure(ferry, name, rounds, threads):
    """(network, {who: ([milliseconds], largest KiB)})."""
    model = prepare(ferry, name) / "model.onnx"
    agree(ferry, model, threads)
    found = {who: ([], []) for who in commands(ferry, model, threads)}
    for _ in range(rounds):
        for who, command in commands(ferry, model, threads).items():
            time.sleep(PAUSE_SECONDS)
            _, seconds, kib = measured(command, environment(threads))
            found[who][0].append(seconds * 1e3)
            found[who][1].append(kib)
    return name, {who: (times, max(peaks)) for who, (times, peaks) in found.items()}


def table(chilled, warm):
    lines = []
    for name, found in chilled:
        cells, medians = [], {}
        for who, (times, kib) in found.items():
            medians[who] = statistics.median(times)
            cells += [f"{medians[who]:.0f} ({min(times):.0f})", f"{kib / 1024:.0f}"]
        lines.append([
            name, *cells, f"{medians['Ferry'] / medians['ONNX Runtime']:.3f}", "≤ 0.25",
            f"≤ {3 * warm[name] + 60:.0f}" if name in warm else "–"])
    return results.table(
        ["network", "Ferry", "MiB", "Python + ONNX Runtime", "MiB", "ratio", "goal",
         "3 × warm + 60"], lines, "lr")
