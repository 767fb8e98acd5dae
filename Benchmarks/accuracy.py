"""Errors of Ferry's two numerics and of its rivals against float64: PyTorch in double precision
on the same weights and seeded inputs, batch 1. Writes the section "accuracy" of RESULTS.md,
unless --quick."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import results
from contestants import Failed, Ferry, Rival
from networks import facts, prepare
from rivals import RIVALS
from seeded import seeded_input

NETWORKS = ["alexnet", "vgg16", "vgg16_bn"]
STRICT_GOAL = 1.1
FAST_GOAL = 2e-6
PACKAGES = ["onnxruntime", "openvino", "ncnn", "torch", "numpy"]


def truths(folder, inputs, threads):
    """Logits in float64, of float32 weights and inputs widened."""
    import torch

    torch.set_num_threads(threads)
    module = torch.load(folder / "model.pt", weights_only=False, mmap=True).double()
    with torch.inference_mode():
        for each in inputs:
            yield module(torch.from_numpy(each).double()).numpy()


def candidates(options, folder, first):
    for numerics in ("fast", "strict"):
        yield Ferry(options.ferry, folder, 1, options.threads, f"Ferry {numerics}",
                    ["--numerics", numerics])
    for name in RIVALS:
        yield Rival(name, folder, first, options.threads)


def errors(options, name):
    """{who: [the largest error over the largest logit, of each input]}."""
    folder = prepare(options.ferry, name)
    shape = facts(folder)["input"]
    inputs = [seeded_input(shape, seed) for seed in range(1, options.inputs + 1)]
    true = list(truths(folder, inputs, options.threads))
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch) / f"{seed}.npy" for seed in range(1, len(inputs) + 1)]
        for file, each in zip(files, inputs):
            np.save(file, each)
        # One at a time: each holds the weights.
        for candidate in candidates(options, folder, files[0]):
            found[candidate.name] = []
            for file, truth in zip(files, true):
                if isinstance(candidate, Rival):
                    candidate.feed(file)
                logits = candidate.output(file).astype(np.float64)
                error = np.abs(logits - truth).max() / np.abs(truth).max()
                found[candidate.name].append(float(error))
            candidate.close()
    return found


def verdicts(found):
    """Goals as the last column tells them."""
    limit = STRICT_GOAL
    ours, theirs = found["Ferry strict"], found["ONNX Runtime"]
    largest, mean = max(ours) / max(theirs), np.mean(ours) / np.mean(theirs)
    return {
        "Ferry fast": f"largest ≤ {FAST_GOAL:.0e}",
        "Ferry strict": f"≤ {limit} × ONNX Runtime's: {largest:.2f}, {mean:.2f}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ferry", required=True, help="the binary to measure")
    parser.add_argument("--only", help=f"networks (default: {','.join(NETWORKS)})")
    parser.add_argument("--inputs", type=int, help="seeded inputs of each (default: 20)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="3 inputs, printed only")
    options = parser.parse_args()
    options.ferry = os.path.abspath(options.ferry)
    options.inputs = options.inputs or (3 if options.quick else 20)
    before = results.disturbance()
    lines = []
    for name in (options.only.split(",") if options.only else NETWORKS):
        print(f"{name} …", file=sys.stderr, flush=True)
        found = errors(options, name)
        goals = verdicts(found)
        for who, values in found.items():
            lines.append([name, who, f"{max(values):.2e}", f"{np.mean(values):.2e}",
                          goals.get(who, "")])
    text = "\n\n".join([
        "## Errors against float64 (`Scripts/bench-peers.sh accuracy`)",
        results.surroundings(PACKAGES, before),
        f"The largest error of the logits over the largest logit, on {options.inputs} seeded "
        "inputs (seeds 1 …)\nat batch 1; the truth is PyTorch in double precision on the same "
        "weights.",
        results.table(["network", "runtime", "largest", "mean", "goal"], lines, "llrrl"),
    ])
    print(text)
    if not options.quick:
        results.replace("accuracy", text)
        print(f"written to {results.RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"accuracy: {failure}")
