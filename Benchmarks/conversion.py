"""Times conversions against `cp` of the source and `sync` of the copy, and against the shortest
Python that does the same with the frameworks, in turns; whole processes, files on disk at the end.

    python conversion.py FERRY FOLDER [--python PYTHON] [--keras PYTHON] [--runs N] [--rest S]
                         [--only WORDS]

Makes the seeded VGG-16 (528 MiB) in FOLDER, then carries it from ONNX to Keras' files, and from
`.pth` to safetensors. The scripts write the same kind of file as Ferry. A
conversion includes fsync, reading the result back, and comparing it, for all of them. Each starts
with an idle disk that has rested: a virtual machine's lets some hundred MiB through and then slows
down, which whoever came next would pay for. Anonymous memory is the largest RssAnon that /proc
showed, less what an empty run shows.
"""

import argparse
import os
import statistics
import subprocess
import sys
import textwrap
import time

# The shortest that does the same: write, sync, say when that is done, read back and compare.
READ_ONNX = """
    import os, sys, time, numpy, onnx
    from onnx.numpy_helper import to_array
    source, target = sys.argv[1:]
    graph = onnx.load(source).graph
    weights = {tensor.name: to_array(tensor) for tensor in graph.initializer}
    pairs = []
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        kernel, bias = (weights[name] for name in node.input[1:3])
        if kernel.ndim == 4:
            kernel = kernel.transpose(2, 3, 1, 0)
        elif pairs[-1][1].ndim == 4:  # Keras flattens HWC, ONNX CHW.
            kernel = kernel.reshape(-1, 512, 7, 7).transpose(2, 3, 1, 0).reshape(25088, -1)
        else:
            kernel = kernel.T
        pairs.append((node.name, kernel, bias))
"""
SYNC = """
    os.fsync(os.open(target, os.O_RDONLY))
    print(time.time())
"""
H5PY = (
    READ_ONNX
    + """
    import h5py
    with h5py.File(target, "w") as file:
        file.attrs["layer_names"] = [name for name, _, _ in pairs]
        for name, kernel, bias in pairs:
            group = file.create_group(name)
            group.attrs["weight_names"] = ["kernel:0", "bias:0"]
            group["kernel:0"], group["bias:0"] = kernel, bias
"""
    + SYNC
    + """
    with h5py.File(target) as file:
        for name, *arrays in pairs:
            for leaf, array in zip(["kernel:0", "bias:0"], arrays):
                assert numpy.array_equal(file[name][leaf][()], array)
"""
)
KERAS = (
    READ_ONNX
    + """
    import keras
    model = keras.applications.VGG16(weights=None)
    layers = [layer for layer in model.layers if layer.weights]
    for layer, (_, kernel, bias) in zip(layers, pairs):
        layer.set_weights([kernel, bias])
    model.save(target)
"""
    + SYNC
    + """
    for one, two in zip(model.weights, keras.saving.load_model(target).weights):
        assert numpy.array_equal(one, two)
"""
)
TORCH = (
    """
    import os, sys, time, torch
    from safetensors.torch import load_file, save_file
    source, target = sys.argv[1:]
    state = torch.load(source)
    save_file(state, target)
"""
    + SYNC
    + """
    back = load_file(target)
    assert all(torch.equal(tensor, back[name]) for name, tensor in state.items())
"""
)

PYTHON_RATIO = 10
MEMORY = 96


def run(command):
    """Seconds, and for a script those until its file was written."""
    start, start_of_day = time.perf_counter(), time.time()
    result = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        sys.exit(f"{command[:2]}: exit {result.returncode}: {result.stderr[-500:]}")
    if command[1] != "-c":
        return seconds, None
    return seconds, float(result.stdout.split()[-1]) - start_of_day


def anonymous_memory(command):
    """The largest RssAnon in MiB; looking costs time, so this run is not timed."""
    peak = 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                for line in status:
                    if line.startswith("RssAnon:"):
                        peak = max(peak, int(line.split()[1]))
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.001)
    return peak / 1024


def copied(source, target):
    start = time.perf_counter()
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", target], check=True)
    return time.perf_counter() - start


class Contest:
    """One conversion, and what it is measured against."""

    def __init__(self, ferry, source, target, destination, limit, rival, python, script):
        self.source, self.destination, self.limit = source, destination, limit
        self.title, self.rival = f"{os.path.basename(source)} → {target}", rival
        self.commands = {
            "cp + sync": None,
            "ferry": [ferry, "convert", source, destination, "--to", target],
            rival: [python, "-c", textwrap.dedent(script), source, destination],
        }
        self.seconds = {name: [] for name in self.commands}
        self.written = []

    def prepare(self, rest=0):
        if os.path.exists(self.destination):
            os.unlink(self.destination)
        os.sync()
        time.sleep(rest)

    def round(self, rest):
        for name, command in self.commands.items():
            self.prepare(rest)
            if command is None:
                self.seconds[name].append(copied(self.source, self.destination))
                continue
            seconds, written = run(command)
            self.seconds[name].append(seconds)
            if written is not None:
                self.written.append(written)

    def report(self, empty):
        self.prepare()
        memory = anonymous_memory(self.commands["ferry"]) - empty
        self.prepare()
        print(self.title)
        times = {name: statistics.median(taken) for name, taken in self.seconds.items()}
        for name, taken in self.seconds.items():
            print(f"  {name:<14} {times[name]:6.2f} s ({min(taken):.2f} … {max(taken):.2f})")
        copies, faster = times["ferry"] / times["cp + sync"], times[self.rival] / times["ferry"]
        written = statistics.median(self.written)
        lines = [
            (copies <= self.limit, f"{copies:.2f} × cp + sync, at most {self.limit}"),
            (faster >= PYTHON_RATIO,
             f"{faster:.1f} × faster than {self.rival}, at least {PYTHON_RATIO} "
             f"({written / times['ferry']:.1f} × without the script's comparison, {written:.2f} s)"),
            (memory <= MEMORY, f"{memory:.0f} MiB of anonymous memory, at most {MEMORY}"),
        ]
        for holds, text in lines:
            print(f"  {'pass' if holds else 'FAIL'}  {text}")
        return all(holds for holds, _ in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ferry")
    parser.add_argument("folder")
    parser.add_argument(
        "--python", default=sys.executable, help="has onnx, h5py, torch and safetensors")
    parser.add_argument("--keras", default=None, help="has keras and onnx; default: --python's")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rest", type=float, default=5, help="seconds before each run")
    parser.add_argument("--only", default="", help="conversions with these words in their title")
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "torch")
    onnx, pth = (os.path.join(options.folder, f"vgg16.{end}") for end in ("onnx", "pth"))
    if not os.path.exists(onnx):
        subprocess.run([options.ferry, "init", "vgg16", "--seed", "1", "-o", onnx], check=True)
    if not os.path.exists(pth):
        subprocess.run([options.ferry, "convert", onnx, pth], check=True)
    written = os.path.join(options.folder, "written")
    keras = options.keras or options.python
    contests = [
        Contest(options.ferry, *parts)
        for parts in [
            (onnx, "keras-h5", f"{written}.h5", 2.0, "onnx + keras", keras, KERAS),
            (onnx, "keras-weights-h5", f"{written}.weights.h5", 2.0, "onnx + h5py",
             options.python, H5PY),
            (onnx, "keras", f"{written}.keras", 2.0, "onnx + keras", keras, KERAS),
            (pth, "safetensors", f"{written}.safetensors", 1.6, "torch", options.python, TORCH),
        ]
    ]
    contests = [contest for contest in contests if options.only in contest.title]
    for _ in range(options.runs):
        for contest in contests:
            contest.round(options.rest)
    empty = anonymous_memory([options.ferry, "--version"])
    sys.exit(0 if all([contest.report(empty) for contest in contests]) else 1)


if __name__ == "__main__":
    main()
