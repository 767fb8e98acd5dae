"""What takes a turn: Ferry, a process a turn, and each rival, one process for all its turns."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from results import milliseconds

HERE = Path(__file__).resolve().parent
# Long enough for the last one's waiting threads to fall asleep.
PAUSE_SECONDS = 0.06


class Failed(Exception):
    """A contestant that cannot take part, and why."""


def environment(threads, **more):
    return os.environ | {"OMP_NUM_THREADS": str(threads)} | more


def measured(command, env):
    """(standard output, seconds, largest resident KiB) of one process."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", HERE / "measured.py", *command],
        env=env, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise Failed(last)
    text, _, figures = done.stdout.rstrip("\n").rpartition("\n")
    figures = json.loads(figures)
    return text, figures["seconds"], figures["kib"]


class Contestant:
    """Collects the median and minimum of each turn, in milliseconds for one whole batch."""

    def __init__(self, name):
        self.name = name
        self.medians, self.minima = [], []
        self.peak_kib = 0

    def median(self):
        return statistics.median(self.medians)

    def minimum(self):
        return min(self.minima)

    def cell(self):
        return f"{milliseconds(self.median())} ({milliseconds(self.minimum())})"


class Ferry(Contestant):
    """`ferry bench`, with more options or environment for a variant."""

    def __init__(self, binary, folder, batch, threads, name="Ferry", options=(), variables=None):
        super().__init__(name)
        self.binary, self.model, self.threads = binary, folder / "model.onnx", threads
        self.options = [*options]
        self.batch = batch
        self.env = environment(threads, **(variables or {}))
        self.ceilings = {}
        self.kernels = None
        # Of the steps that multiply matrices, in each turn.
        self.dense = []

    def turn(self, runs):
        command = [
            self.binary, "bench", self.model, "--json", "--batch", str(self.batch),
            "--threads", str(self.threads), "--runs", str(runs), *self.options]
        text, _, kib = measured(command, self.env)
        report = json.loads(text)
        self.medians.append(report["median_ms"])
        self.minima.append(report["min_ms"])
        self.peak_kib = max(self.peak_kib, kib)
        self.kernels = report["kernels"]
        for name, value in report["ceilings"].items():
            self.ceilings.setdefault(name, []).append(value)
        self.dense.append(sum(
            step["median_ms"] for step in report["steps"]
            if step["operation"].split()[0] in ("Gemm", "MatMul")))

    def output(self, batch_file):
        with tempfile.TemporaryDirectory() as scratch:
            result = Path(scratch) / "output.npy"
            # --batch and --runs are of `bench` alone; variants' options are of both.
            measured(
                [self.binary, "run", self.model, "--input", batch_file, "--output", result,
                 "--threads", str(self.threads), *self.options], self.env)
            return np.load(result)

    def close(self):
        pass


class Rival(Contestant):
    """A worker.py process that waits between its turns."""

    def __init__(self, name, folder, batch_file, threads):
        super().__init__(name)
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", HERE / "worker.py", name, folder, batch_file,
             str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
            env=environment(threads))
        try:
            self.answer()
        except Failed:
            self.close()
            raise

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            last = (self.log.read().strip().splitlines() or ["no message"])[-1]
            raise Failed(last)
        return json.loads(line)

    def turn(self, runs):
        times = self.ask(do="time", runs=runs)["ms"]
        self.medians.append(statistics.median(times))
        self.minima.append(min(times))

    def feed(self, batch_file):
        self.ask(do="feed", **{"from": str(batch_file)})

    def output(self, _=None):
        with tempfile.TemporaryDirectory() as scratch:
            result = Path(scratch) / "output.npy"
            self.ask(do="output", to=str(result))
            return np.load(result)

    def close(self):
        """Notes the peak, and ends the process."""
        if self.process.poll() is None:
            self.peak_kib = self.ask(do="peak")["kib"]
            self.process.stdin.close()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def ceilings(ferries):
    """The median of what the turns of all found, by name, and a line that tells the spread."""
    found = {name: [value for each in ferries for value in each.ceilings[name]]
             for name in ferries[0].ceilings}

    def spread(name, digits):
        values = found[name]
        return (f"{statistics.median(values):.{digits}f} "
                f"({min(values):.{digits}f}–{max(values):.{digits}f})")

    line = (f"peaks measured in each of Ferry's turns, median (range): "
            f"{spread('peak_gflops_per_core', 0)} GFLOP/s a core, "
            f"{spread('read_gb_per_s', 1)} GB/s read; Ferry's kernels: {ferries[0].kernels}")
    return {name: statistics.median(values) for name, values in found.items()}, line


def interleave(contestants, rounds, runs):
    """A B C … A B C …: one computes at a time, and a disturbance meets all alike."""
    for _ in range(rounds):
        for each in contestants:
            time.sleep(PAUSE_SECONDS)
            each.turn(runs)
