"""Proves, outside Ferry, that it runs the nine light models that ONNX carries.

    python prove_light.py --ferry PATH_TO_BINARY [--keep FOLDER] [NAME…]

The models (ResNet-50, DenseNet-121, Inception 1 and 2, SqueezeNet, ShuffleNet,
ZFNet, AlexNet, VGG-19; IR 3, opset 9) make each weight by ConstantOfShape, so as
shipped they answer the same whatever they are given. Each is run

    shipped  as it is, on one input
    seeded   with every floating ConstantOfShape replaced by seeded distinct
             values, variances positive, on two inputs

and must agree with ONNX Runtime's answer: 1e-4 |ref| + 1e-5 max|ref|. The answers
of a seeded model must vary within one input and differ between the two. Exits
with 1 if anything fails.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
FLOATING = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE}


class Failure(Exception):
    """A check that did not hold; the text says what was found."""


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def roles(graph):
    """What each value is to the first node that is no mere change of shape."""
    aliases, found = {}, {}
    for node in graph.node:
        for index, name in enumerate(node.input):
            if node.op_type == "Unsqueeze":
                aliases[node.output[0]] = aliases.get(name, name)
            else:
                found.setdefault(aliases.get(name, name), (node.op_type, index))
    return found


def values(name, shape, role):
    """Distinct values that keep activations of about the size of the input.

    Filters sum to 0: what all inputs share, the positive mean behind a ReLU, would else drown
    their differences after some dozens of layers.
    """
    rng = generator(name)
    if role == ("BatchNormalization", 4):
        return rng.uniform(0.5, 1.5, shape)
    if role in (("BatchNormalization", 1), ("Mul", 1)):
        return rng.uniform(0.5, 1.2, shape)
    if role[0] in ("Conv", "Gemm") and role[1] == 1:
        filters = rng.standard_normal(shape)
        if np.prod(shape[1:]) > 1:
            filters -= filters.mean(axis=tuple(range(1, len(shape))), keepdims=True)
        return filters * np.sqrt(2 / np.prod(shape[1:]))
    return rng.uniform(-0.1, 0.1, shape)


def seeded(model):
    """The model with initializers where ConstantOfShape made floating-point weights."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    role = roles(graph)
    kept, dropped = [], set()
    for node in graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if node.op_type != "ConstantOfShape" or value is None or value.data_type not in FLOATING:
            kept.append(node)
            continue
        name, shape = node.output[0], [int(n) for n in constants[node.input[0]]]
        array = values(name, shape, role[name]).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(array, name))
        # IR 3 wants initializers among the inputs.
        graph.input.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
        dropped.add(node.input[0])
    del graph.node[:]
    graph.node.extend(kept)
    for field in (graph.initializer, graph.input):
        left = [item for item in field if item.name not in dropped]
        del field[:]
        field.extend(left)
    temper(model)
    return model


def temper(model):
    """Scales the last layer's weights so that a softmax behind it does not saturate."""
    graph = model.graph
    last = [n for n in graph.node if n.op_type in ("Gemm", "Conv")][-1]
    probe = onnx.ModelProto.FromString(model.SerializeToString())
    del probe.graph.output[:]
    probe.graph.output.append(
        helper.make_tensor_value_info(last.output[0], onnx.TensorProto.FLOAT, None))
    name, picture = example(model, 0)
    deviation = float(np.std(session(probe).run(None, {name: picture})[0]))
    for tensor in graph.initializer:
        if tensor.name == last.input[1]:
            array = numpy_helper.to_array(tensor) * np.float32(1 / deviation)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def example(model, seed):
    """The name of the one real input, and a seeded picture for it."""
    constants = {i.name for i in model.graph.initializer}
    read = {name for node in model.graph.node for name in node.input}
    inputs = [i for i in model.graph.input if i.name not in constants and i.name in read]
    assert len(inputs) == 1, [i.name for i in inputs]
    shape = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim]
    rng = np.random.default_rng(1000 + seed)
    # Fine noise, or coarse blocks: to a network of pools, noise is always the same noise.
    block = 32 if seed % 2 else 1
    coarse = rng.standard_normal(shape[:2] + [side // block for side in shape[2:]])
    picture = coarse.repeat(block, axis=2).repeat(block, axis=3)
    return inputs[0].name, picture.astype(np.float32)


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def ferry(binary, path, picture, folder):
    np.save(folder / "x.npy", picture)
    start = time.monotonic()
    done = subprocess.run(
        [binary, "run", path, "--input", folder / "x.npy", "--output", folder / "y.npy",
         "--force"], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"exit {done.returncode}: {done.stderr.strip()}")
    return np.load(folder / "y.npy"), time.monotonic() - start


def compare(found, expected):
    """The largest error, as a part of what is allowed."""
    if found.shape != expected.shape:
        raise Failure(f"shape {found.shape} for {expected.shape}")
    allowed = 1e-4 * np.abs(expected) + 1e-5 * np.abs(expected).max()
    worst = float((np.abs(found - expected) / allowed).max())
    if not worst <= 1:
        raise Failure(f"error {worst:.2f} of what is allowed")
    return worst


def prove(binary, model, folder, pictures):
    path = folder / "model.onnx"
    onnx.save(model, path)
    runtime = session(model)
    answers, worst, seconds = [], 0.0, 0.0
    for seed in pictures:
        name, picture = example(model, seed)
        expected = runtime.run(None, {name: picture})[0]
        found, took = ferry(binary, path, picture, folder)
        worst, seconds = max(worst, compare(found, expected)), max(seconds, took)
        answers.append((found, expected))
    if len(pictures) > 1:
        for a, b in zip(*answers):
            moved = np.abs(a - b).max() / np.abs(a).max()
            if moved < 0.005 or np.std(a) / np.abs(a).mean() < 0.05:
                raise Failure(f"answers do not vary: {moved:.1e}")
    return f"error {worst:.3f} of what is allowed, {seconds:.1f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ferry", required=True, type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the seeded models")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    failed = 0
    for source in sorted(LIGHT.glob("light_*.onnx")):
        short = source.stem.removeprefix("light_")
        if arguments.names and short not in arguments.names:
            continue
        shipped = onnx.load(source)
        for kind in ("shipped", "seeded"):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    model = shipped if kind == "shipped" else seeded(shipped)
                    if arguments.keep and kind == "seeded":
                        arguments.keep.mkdir(parents=True, exist_ok=True)
                        onnx.save(model, arguments.keep / f"{short}.onnx")
                    pictures = [0] if kind == "shipped" else [0, 1]
                    result = prove(arguments.ferry, model, Path(folder), pictures)
                except Failure as failure:
                    failed += 1
                    result = f"FAILED: {failure}"
            print(f"{short:14} {kind:8} {result}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
