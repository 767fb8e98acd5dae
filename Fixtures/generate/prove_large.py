"""Proves, outside Ferry, that it carries an ONNX model of more than 2 GiB.

    python prove_large.py --ferry PATH_TO_BINARY [--folder FOLDER]

A VGG-16 whose first dense layer is five times as wide (2.4 GiB, weights in one file beside the
model) is converted, verified and opened in ONNX Runtime. Prints wall times and the largest
growth of anonymous memory, and exits with 1 when a step fails or memory grows by more than
96 MiB in conversion or verification.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from watched import run

PLAN = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
DENSE = [20480, 4096, 1000]
LIMIT = 96 << 20


class Data:
    """Weights in a file, written one after the other; each tensor's place is kept."""

    def __init__(self, path):
        self.path, self.file, self.tensors = path, open(path, "wb"), []
        self.rng = np.random.default_rng(7)

    def add(self, name, shape, scale):
        start = self.file.tell()
        count = int(np.prod(shape))
        for first in range(0, count, 1 << 24):
            size = min(1 << 24, count - first)
            part = self.rng.random(size, np.float32)
            part -= 0.5
            part *= np.float32(scale)
            self.file.write(part.tobytes())
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": self.path.name, "offset": start, "length": 4 * count}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self.tensors.append(tensor)
        return name


def make(path):
    data = Data(path.with_suffix(".bin"))
    nodes, value, channels = [], "x", 3

    def add(op, inputs, **attributes):
        nonlocal value
        output = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, [value, *inputs], [output], f"n{len(nodes)}", **attributes))
        value = output

    for index, width in enumerate(PLAN):
        if width == 0:
            add("MaxPool", [], kernel_shape=[2, 2], strides=[2, 2])
            continue
        weight = data.add(f"c{index}.w", [width, channels, 3, 3], (24 / channels / 9) ** 0.5)
        add("Conv", [weight, data.add(f"c{index}.b", [width], 0.1)], pads=[1, 1, 1, 1])
        add("Relu", [])
        channels = width
    add("Flatten", [])
    depth = 25088
    for index, width in enumerate(DENSE):
        weight = data.add(f"d{index}.w", [width, depth], (24 / depth) ** 0.5)
        add("Gemm", [weight, data.add(f"d{index}.b", [width], 0.1)], transB=1)
        if index < 2:
            add("Relu", [])
        depth = width
    data.file.close()
    nodes[-1].output[0] = "y"
    graph = helper.make_graph(
        nodes, "wide", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 1000])], data.tensors)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    path.write_bytes(model.SerializeToString())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ferry", required=True, type=Path)
    parser.add_argument("--folder", help="where to work (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        folder = Path(folder)
        make(folder / "wide.onnx")
        binary = arguments.ferry
        size = (folder / "wide.bin").stat().st_size
        print(f"{size / 2**30:.2f} GiB of weights")
        converting = run("convert, data beside by itself",
                         [binary, "convert", folder / "wide.onnx", folder / "out.onnx"])
        data = [p.name for p in folder.iterdir() if p.suffix == ".data"]
        print(f"written: out.onnx {(folder / 'out.onnx').stat().st_size} bytes, {data}")
        verifying = run("verify", [binary, "verify", folder / "wide.onnx", folder / "out.onnx"])
        onnx.checker.check_model(str(folder / "out.onnx"), full_check=True)
        x = np.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype(np.float32)
        np.save(folder / "x.npy", x)
        run("run", [binary, "run", folder / "out.onnx", "--input", folder / "x.npy",
                    "--output", folder / "y.npy"])
        session = onnxruntime.InferenceSession(str(folder / "out.onnx"))
        expected = session.run(None, {session.get_inputs()[0].name: x})[0]
        error = np.abs(np.load(folder / "y.npy") - expected)
        allowed = 1e-4 * np.abs(expected) + 1e-5 * np.abs(expected).max()
        print(f"ONNX Runtime: error {float((error / allowed).max()):.3f} of what is allowed")
        sys.exit(0 if max(converting, verifying) <= LIMIT and (error <= allowed).all() else 1)


if __name__ == "__main__":
    main()
