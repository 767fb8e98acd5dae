"""Proves that `ferry run --float64` computes what PyTorch does in double precision: the largest
difference of the outputs over the largest output, on seeded inputs at batch 1 and 3, and the time
of one picture. Writes the section "float64" of RESULTS.md, unless --quick."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import networks
import results
from contestants import Failed, environment, measured
from seeded import seeded_input

NETWORKS = ["lenet5", "alexnet", "vgg16", "vgg16_bn"]
LIMIT = 1e-12
SECONDS = 60
PACKAGES = ["torch", "numpy"]


def truth(model, array, threads):
    """PyTorch's outputs in float64, of float32 weights and inputs widened, and its seconds."""
    code = (
        "import sys, time, numpy, torch, networks\n"
        "from pathlib import Path\n"
        f"torch.set_num_threads({threads})\n"
        "module = networks.torch_module(Path(sys.argv[1])).double()\n"
        "x = torch.from_numpy(numpy.load(sys.argv[2])).double()\n"
        "with torch.inference_mode():\n"
        "    start = time.perf_counter()\n"
        "    y = module(x)\n"
        "    print(time.perf_counter() - start)\n"
        "numpy.save(sys.argv[3], y.numpy())\n")
    target = Path(array).with_suffix(".torch.npy")
    # In a process of its own, as the weights in float64 would stay in this one's memory.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, model, array, target], text=True,
        capture_output=True, cwd=networks.HERE, env=environment(threads))
    if done.returncode != 0:
        raise Failed(done.stderr.strip().splitlines()[-1])
    return np.load(target), float(done.stdout)


def prove(options, name, folder):
    """(the largest error, Ferry's seconds and KiB for one picture, PyTorch's seconds)."""
    model = folder / f"{name}.onnx"
    subprocess.run(
        [options.ferry, "init", name, "--seed", "1", "-o", model], check=True,
        stdout=subprocess.DEVNULL)
    side = 28 if name.startswith("lenet") else 224
    channels = 1 if name.startswith("lenet") else 3
    largest, figures = 0.0, None
    for batch, seed in [(1, 1)] if options.quick else [(1, 1), (1, 2), (1, 3), (3, 4)]:
        source, target = folder / "x.npy", folder / "y.npy"
        np.save(source, seeded_input((batch, channels, side, side), seed))
        command = [options.ferry, "run", model, "--input", source, "--output", target, "--force",
                   "--float64", "--threads", str(options.threads)]
        _, seconds, kib = measured(command, environment(options.threads))
        expected, theirs = truth(model, source, options.threads)
        found = np.load(target)
        if found.dtype != np.float64 or found.shape != expected.shape:
            raise Failed(f"{name}: expected float64 {expected.shape}, "
                         f"found {found.dtype} {found.shape}")
        largest = max(largest, float(np.abs(found - expected).max() / np.abs(expected).max()))
        if batch == 1 and (figures is None or seconds < figures[0]):
            figures = seconds, kib, theirs
    model.unlink()
    return largest, *figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ferry", required=True, help="the binary to prove")
    parser.add_argument("--only", help=f"networks (default: {','.join(NETWORKS)})")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one input each, printed only")
    options = parser.parse_args()
    options.ferry = os.path.abspath(options.ferry)
    before = results.disturbance()
    lines, holds = [], True
    with tempfile.TemporaryDirectory() as folder:
        for name in (options.only.split(",") if options.only else NETWORKS):
            error, seconds, kib, theirs = prove(options, name, Path(folder))
            print(f"{name}: error {error:.1e}, {seconds:.2f} s", file=sys.stderr, flush=True)
            holds = holds and error <= LIMIT and seconds <= SECONDS
            lines.append([name, f"{error:.1e}", f"{seconds:.2f}", f"{kib / 1024:.0f}",
                          f"{theirs:.2f}"])
    text = "\n\n".join([
        "## The float64 oracle (`Scripts/bench-peers.sh float64`)",
        results.surroundings(PACKAGES, before),
        f"`ferry run --float64` beside PyTorch in double precision, {options.threads} threads. The "
        "error is the largest difference of\nthe outputs over the largest output; at most "
        f"{LIMIT:.0e} is asked, and at most {SECONDS} seconds. Ferry's time is\nthe whole "
        "command's, PyTorch's that of one call of its module.",
        results.table(
            ["network", "error", "seconds", "MiB", "PyTorch, seconds"], lines, "lr"),
    ])
    print(text)
    if not options.quick:
        results.replace("float64", text)
        print(f"written to {results.RESULTS}", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"prove_float64: {failure}")
