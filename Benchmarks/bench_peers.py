"""Ferry beside ONNX Runtime, OpenVINO, ncnn and PyTorch: same files, same input, same threads,
in interleaved rounds. Writes the section "peers" of RESULTS.md, unless --quick."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import cold
import contestants
import results
from contestants import Failed, Ferry, Rival, interleave
from networks import WORK, facts, prepare
from rivals import RIVALS
from seeded import seeded_input

ROWS = ["vgg16:1", "vgg11:1", "vgg13:1", "vgg19:1", "vgg16_bn:1", "vgg16:8",
        "alexnet:1", "alexnet:32", "lenet5:1"]
# Ferry's time over the best rival's: at most (on a full-rate machine, on a half-rate one).
GOALS = {
    "vgg16:1": (0.65, 0.88), "vgg11:1": (0.70, 0.90), "vgg13:1": (0.70, 0.90),
    "vgg19:1": (0.70, 0.90), "vgg16_bn:1": (0.70, 0.90), "vgg16:8": (0.50, 0.68),
    "alexnet:1": (0.85, 1.00), "alexnet:32": (0.70, 0.78), "lenet5:1": (0.50, 0.50),
}
MEMORY_GOALS = {"vgg16:1": 720, "vgg11:1": 700, "vgg13:1": 700, "vgg19:1": 760, "alexnet:1": 320}
# The largest difference between any two, of the largest output, that is still the same network.
AGREEMENT = 1e-3
PACKAGES = ["onnxruntime", "openvino", "ncnn", "pnnx", "torch", "numpy", "pillow"]


class Row:
    """One network at one batch size, with everything that was measured of it."""

    def __init__(self, name, batch):
        self.network, self.batch, self.key = name, batch, f"{name}:{batch}"
        self.contestants, self.variants, self.failures = [], [], {}
        self.agreement = None

    @property
    def ferry(self):
        return next(each for each in self.contestants if each.name == "Ferry")

    @property
    def best(self):
        others = [each for each in self.contestants if each.name in RIVALS]
        return min(others, key=lambda each: each.median(), default=None)

    def floor(self, gflops, gigabytes, threads):
        """Milliseconds: Winograd at peak, and the dense weights read once or multiplied."""
        peak = gflops * threads * 1e6
        dense = max(self.facts["dense_bytes"] / (gigabytes * 1e6),
                    2 * self.facts["dense"] * self.batch / peak)
        return 2 * self.facts["winograd"] * self.batch / peak + dense

    def ratio(self):
        return self.ferry.median() / self.best.median()


def variants(key, binary, folder, batch, threads, known):
    """Ferry set up otherwise, in the rows where an issue of its own is decided."""
    def ferry(name, count=threads, **more):
        return Ferry(binary, folder, batch, count, name, **more)

    if key == "vgg16:8" and threads > 1:
        yield ferry("Ferry, 1 thread", 1)
    if key == "vgg16:1" and os.uname().machine == "x86_64":
        yield ferry("Ferry, AVX2 kernels", variables={"FERRY_KERNELS": "avx2"})
    if key == "alexnet:1" and "--weights" in known:
        yield ferry("Ferry, bf16 weights", options=["--weights", "bf16"])


def measure(row, options, known):
    folder = prepare(options.ferry, row.network)
    row.facts = facts(folder)
    shape = [row.batch] + row.facts["input"][1:]
    products = (row.facts["convolution"] + row.facts["dense"]) * row.batch
    runs = int(min(max(0.8 * 1e11 / products, 2), 2000))
    if options.quick:
        runs = max(runs // 8, 2)
    with tempfile.TemporaryDirectory() as scratch:
        batch_file = Path(scratch) / "input.npy"
        np.save(batch_file, seeded_input(shape))
        row.contestants = [Ferry(options.ferry, folder, row.batch, options.threads)]
        for name in RIVALS:
            try:
                row.contestants.append(Rival(name, folder, batch_file, options.threads))
            except Failed as failure:
                row.failures[name] = str(failure)
        row.variants = list(variants(
            row.key, options.ferry, folder, row.batch, options.threads, known))
        everyone = row.contestants + row.variants
        try:
            agree(row, everyone, batch_file)
            interleave(everyone, options.rounds, runs)
        finally:
            for each in everyone:
                each.close()
    row.runs = runs


def agree(row, everyone, batch_file):
    """Refuses to time wrong results."""
    outputs = {each.name: each.output(batch_file).astype(np.float64) for each in everyone}
    names = list(outputs)
    row.agreement = 0
    for index, name in enumerate(names):
        for other in names[:index]:
            # Weights of 16 bits are meant to differ.
            if "bf16" in name + other:
                continue
            ours, theirs = outputs[name].ravel(), outputs[other].ravel()
            if ours.size != theirs.size:
                raise SystemExit(f"{row.key}: {name} and {other}: outputs differ in size")
            error = np.abs(ours - theirs).max() / np.abs(theirs).max()
            # Written so that a NaN is refused too.
            if not error <= AGREEMENT:
                raise SystemExit(
                    f"{row.key}: {name} and {other}: expected outputs within {AGREEMENT} of "
                    f"the largest, found {error:.1e}")
            row.agreement = max(row.agreement, error)


# Tables


def speed_table(rows, ceilings, threads):
    gflops = ceilings["peak_gflops_per_core"]
    header = ["network:batch", "Ferry", *RIVALS, "best rival", "ratio", "of minima", "goal",
              "floor", "Ferry / floor", "differ"]
    lines = []
    for row in rows:
        found = {each.name: each for each in row.contestants}
        cells = [found[n].cell() if n in found else "–" for n in ["Ferry", *RIVALS]]
        floor = row.floor(gflops, ceilings["read_gb_per_s"], threads)
        goal = results.interpolated(GOALS[row.key], gflops) if row.key in GOALS else None
        if row.best:
            least = min(each.minimum() for each in row.contestants if each.name in RIVALS)
            ratios = [row.best.name, f"{row.ratio():.3f}", f"{row.ferry.minimum() / least:.3f}"]
        else:
            ratios = ["–"] * 3
        lines.append([
            row.key, *cells, *ratios, f"≤ {goal:.2f}" if goal else "–",
            results.milliseconds(floor), f"{row.ferry.median() / floor:.2f}",
            f"{row.agreement:.1e}"])
    return results.table(header, lines, "lrrrrrlr")


def variant_table(rows, ceilings):
    gflops = ceilings["peak_gflops_per_core"]
    lines = []

    def add(row, what, value, other, other_value, goal):
        lines.append([row.key, what, results.milliseconds(value), other,
                      results.milliseconds(other_value), f"{value / other_value:.3f}", goal])

    for row in rows:
        for each in row.variants:
            if "1 thread" in each.name:
                add(row, each.name, each.median(), "Ferry", row.ferry.median(), "≥ 1.70")
            elif "AVX2" in each.name:
                found = {c.name: c for c in row.contestants}.get("ONNX Runtime")
                if found:
                    add(row, each.name, each.median(), found.name, found.median(), "≤ 1.00")
            else:
                whole = results.interpolated((0.72, 0.76), gflops)
                add(row, each.name, each.median(), "Ferry", row.ferry.median(),
                    f"≤ {whole:.2f}")
                add(row, each.name + ", dense steps", float(np.median(each.dense)), "Ferry's",
                    float(np.median(row.ferry.dense)), "≤ 0.58")
    if not lines:
        return None
    return results.table(
        ["network:batch", "set up as", "ms", "against", "ms", "ratio", "goal"], lines, "llrlrrr")


def memory_table(rows):
    lines = []
    for row in rows:
        found = {each.name: each.peak_kib for each in row.contestants if each.peak_kib}
        goal = MEMORY_GOALS.get(row.key)
        lines.append([row.key, *(f"{found[n] / 1024:.0f}" if n in found else "–"
                                 for n in ["Ferry", *RIVALS]), f"≤ {goal}" if goal else "–"])
    return results.table(["network:batch", "Ferry", *RIVALS, "Ferry's goal"], lines, "lr")


def report(rows, chilled, options, before):
    ceilings, peaks = contestants.ceilings([row.ferry for row in rows])
    parts = [
        "## Ferry and its rivals (`make bench-peers`)",
        results.surroundings(PACKAGES, before, peaks),
        f"fp32, {options.threads} threads, {options.rounds} interleaved rounds. Milliseconds for "
        "one whole batch:\nmedian over the rounds of each turn's median (minimum of all runs). "
        "*Ratio*: Ferry's median over the\nbest rival's; *of minima*: the same of minima. "
        "*Floor*: Winograd F(4×4) at the measured peak plus the\ndense weights read once. "
        "*Differ*: the largest difference between any two outputs, of the largest\noutput. ncnn "
        "has no batch axis and runs pictures one by one. Rivals are driven from Python with the\n"
        "input bound beforehand.",
        speed_table(rows, ceilings, options.threads),
        *(f"{row.key}: {name} is missing: {why}"
          for row in rows for name, why in row.failures.items()),
    ]
    if (others := variant_table(rows, ceilings)):
        parts += ["In the same rounds, Ferry set up otherwise:", others]
    parts += [
        "Largest resident size (VmHWM) of each process above, MiB; Ferry's is the largest of all "
        "its\nprocesses:", memory_table(rows)]
    if chilled:
        warm = {row.network: row.ferry.median() for row in rows if row.batch == 1}
        parts += [
            "Cold start: one whole process from the ONNX file (in the page cache) and a JPEG to "
            "the top-5,\nmilliseconds, median (minimum), against the shortest Python script "
            "(`cold_onnxruntime.py`):", cold.table(chilled, warm)]
    return "\n\n".join(parts)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ferry", required=True, help="the binary to measure")
    parser.add_argument("--only", help=f"rows, as NETWORK:BATCH,… (default: {','.join(ROWS)})")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (default: 10)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true",
                        help="2 short rounds, printed only: a trial, not a result")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 10)
    options.ferry = os.path.abspath(options.ferry)
    options.rows = []
    for word in (options.only.split(",") if options.only else ROWS):
        name, _, batch = word.partition(":")
        if not name or not batch.isdecimal() or int(batch) == 0:
            parser.error(f"--only: expected NETWORK:BATCH, found '{word}'")
        options.rows.append((name, int(batch)))
    return options


def main():
    options = arguments()
    before = results.disturbance()
    if before > results.QUIET:
        print(f"note: other programs use {before:.0%} of the processors", file=sys.stderr)
    known = cold.output([options.ferry, "bench", "--help"])
    rows = []
    for name, batch in options.rows:
        print(f"{name}, batch {batch} …", file=sys.stderr, flush=True)
        row = Row(name, batch)
        measure(row, options, known)
        rows.append(row)
    chilled = []
    for name in dict.fromkeys(name for name, batch in options.rows if batch == 1):
        if name in cold.NETWORKS:
            print(f"{name}, cold start …", file=sys.stderr, flush=True)
            chilled.append(cold.measure(options.ferry, name, options.rounds, options.threads))
    raw = {row.key: {each.name: {"medians": each.medians, "minima": each.minima,
                                 "peak_kib": each.peak_kib}
                     for each in row.contestants + row.variants} for row in rows}
    (WORK / "peers.json").write_text(json.dumps(raw, indent=1))
    text = report(rows, chilled, options, before)
    print(text)
    if not options.quick:
        results.replace("peers", text)
        print(f"written to {results.RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"bench-peers: {failure}")
