"""What Ferry's time grows with: the batch (whole networks), and the input's side (the
convolutional part alone, cut from the same file). Writes the section "cost-curve" of
RESULTS.md, unless --quick."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import results
from contestants import Failed, Ferry, ceilings, interleave
from networks import facts, prepare

NETWORKS = ["vgg16", "alexnet"]
BATCHES = [1, 2, 4, 8, 16, 32]
SIDES = [64, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448]
# Time per multiply-add is compared with this side's.
REFERENCE_SIDE = 112
DOUBLING_GOAL, GROWTH_GOAL = 2.1, 1.10


def cut(model, side, target):
    """The layers before the flattening, for pictures of `side`²; returns their multiply-adds."""
    import onnx

    import networks

    whole = onnx.load(model)
    graph = whole.graph
    kinds = [node.op_type for node in graph.node]
    del graph.node[kinds.index("Flatten"):]
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    for axis in (2, 3):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_value = side
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(
        graph.node[-1].output[0], onnx.TensorProto.FLOAT, None))
    del graph.value_info[:]
    # No longer the architecture it was.
    del whole.metadata_props[:]
    whole = onnx.shape_inference.infer_shapes(whole)
    target.mkdir()
    onnx.save(whole, target / "model.onnx")
    return networks.work(whole.graph)["convolution"]


def runs_for(products):
    """Runs that fill about half a second at 200 GFLOP/s."""
    return int(min(max(0.5 * 1e11 / products, 2), 500))


def measure(contestants, products, rounds):
    for each, count in zip(contestants, products):
        # Brings the file into the page cache.
        each.turn(runs_for(count))
        each.medians, each.minima = [], []
    for _ in range(rounds):
        for each, count in zip(contestants, products):
            interleave([each], 1, runs_for(count))


def batch_rows(name, options):
    folder = prepare(options.ferry, name)
    found = facts(folder)
    products = [(found["convolution"] + found["dense"]) * batch for batch in options.batches]
    contestants = [
        Ferry(options.ferry, folder, batch, options.threads) for batch in options.batches]
    measure(contestants, products, options.rounds)
    rows, before = [], None
    for batch, each, count in zip(options.batches, contestants, products):
        time = each.median()
        rows.append([
            name, batch, results.milliseconds(time), results.milliseconds(time / batch),
            f"{2 * count / time / 1e6:.0f}", f"{time / before:.2f}" if before else "",
            f"≤ {DOUBLING_GOAL}" if before and batch > 2 else ""])
        before = time
    return rows, contestants


def side_rows(name, options, scratch):
    folder = prepare(options.ferry, name)
    folders = [scratch / f"{name}-{side}" for side in options.sides]
    products = [cut(folder / "model.onnx", side, target)
                for side, target in zip(options.sides, folders)]
    contestants = [Ferry(options.ferry, each, 1, options.threads) for each in folders]
    measure(contestants, products, options.rounds)
    # Picoseconds a multiply-add.
    costs = [each.median() * 1e9 / count for each, count in zip(contestants, products)]
    base = costs[options.sides.index(REFERENCE_SIDE)]
    return [
        [name, side, results.milliseconds(each.median()), f"{2e3 / cost:.0f}", f"{cost:.2f}",
         f"{cost / base:.3f}", f"≤ {GROWTH_GOAL:.2f}" if side > REFERENCE_SIDE else ""]
        for side, each, cost in zip(options.sides, contestants, costs)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ferry", required=True, help="the binary to measure")
    parser.add_argument("--only", help=f"networks (default: {','.join(NETWORKS)})")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (default: 5)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true",
                        help="fewer points, one round, printed only")
    options = parser.parse_args()
    options.ferry = os.path.abspath(options.ferry)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.batches = BATCHES[:4] if options.quick else BATCHES
    options.sides = [64, 112, 224] if options.quick else SIDES
    before = results.disturbance()
    batches, sides, ferries = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        for name in (options.only.split(",") if options.only else NETWORKS):
            print(f"{name} …", file=sys.stderr, flush=True)
            rows, each = batch_rows(name, options)
            batches += rows
            ferries += each
            sides += side_rows(name, options, Path(scratch))
    text = "\n\n".join([
        "## What the time grows with (`Scripts/bench-peers.sh cost-curve`)",
        results.surroundings([], before, ceilings(ferries)[1]),
        f"Ferry alone, fp32, {options.threads} threads, {options.rounds} interleaved rounds: "
        "milliseconds, median over the\nrounds of each turn's median. GFLOP/s count a "
        "multiply-add as two and every convolution as plainly\nsummed.",
        results.table(
            ["network", "batch", "ms", "ms a picture", "GFLOP/s", "t(2n) / t(n)", "goal"],
            batches, "lr"),
        f"The convolutional part alone, batch 1, by the input's side; *growth*: the time of a "
        f"multiply-add over\nthat at side {REFERENCE_SIDE}.",
        results.table(
            ["network", "side", "ms", "GFLOP/s", "ps a multiply-add", "growth", "goal"],
            sides, "lr"),
    ])
    print(text)
    if not options.quick:
        results.replace("cost-curve", text)
        print(f"written to {results.RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"cost-curve: {failure}")
