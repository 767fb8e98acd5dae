"""The same network for every rival: one ONNX file by Ferry, translated for PyTorch and ncnn.

usage: networks.py translate FOLDER    FOLDER/model.onnx to model.pt, model.ncnn.*, facts.json
"""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"


def prepare(ferry, name):
    """The folder that holds `name` in every rival's format, made anew when the file changes."""
    WORK.mkdir(exist_ok=True)
    fresh = WORK / f"{name}.onnx"
    subprocess.run(
        [ferry, "init", name, "--seed", "1", "-o", fresh, "--force"],
        check=True, stdout=subprocess.DEVNULL)
    with open(fresh, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = WORK / f"{name}-{digest[:12]}"
    for stale in WORK.glob(f"{name}-{'?' * 12}"):
        if stale != folder:
            shutil.rmtree(stale)
    folder.mkdir(exist_ok=True)
    fresh.replace(folder / "model.onnx")
    made = ["facts.json", "model.pt", "model.ncnn.param", "model.ncnn.bin"]
    if not all((folder / name).exists() for name in made):
        # In a process of its own, as PyTorch and the weights would stay in this one's memory.
        subprocess.run(
            [sys.executable, "-W", "ignore", __file__, "translate", folder], check=True)
    return folder


def facts(folder):
    """What `work` found."""
    return json.loads((folder / "facts.json").read_text())


def work(graph):
    """The input's shape [1, …], and what one picture costs: multiply-adds of the convolutions
    plainly summed (`convolution`), of the same with every 3×3 layer of stride 1 by Winograd's
    F(4×4) in whole tiles (`winograd`), of the dense layers (`dense`), and the bytes of the
    dense weights (`dense_bytes`)."""
    shapes = {i.name: list(i.dims) for i in graph.initializer}
    shape = [d.dim_value or 1 for d in graph.input[0].type.tensor_type.shape.dim]
    found = {"input": shape, "convolution": 0, "winograd": 0, "dense": 0, "dense_bytes": 0}
    height, width = shape[2:]
    for node in graph.node:
        attributes = {a.name: list(a.ints) for a in node.attribute if a.ints}
        if node.op_type in ("Conv", "MaxPool"):
            kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
            pads = attributes.get("pads", [0, 0, 0, 0])
            height = (height + pads[0] + pads[2] - kernel[0]) // strides[0] + 1
            width = (width + pads[1] + pads[3] - kernel[1]) // strides[1] + 1
        if node.op_type == "Conv":
            weights = math.prod(shapes[node.input[1]])
            found["convolution"] += weights * height * width
            tiles = -(-height // 4) * -(-width // 4)
            by_tiles = kernel == [3, 3] and strides == [1, 1]
            # 36 products for 16 outputs, where the sum takes 9 each.
            found["winograd"] += weights * (4 * tiles if by_tiles else height * width)
        if node.op_type == "Gemm":
            found["dense"] += math.prod(shapes[node.input[1]])
            found["dense_bytes"] += 4 * math.prod(shapes[node.input[1]])
    return found


# PyTorch


def torch_module(path):
    """The ONNX chain at `path` as an `nn.Sequential` with the same weights."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    weights = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    layers, previous = [], graph.input[0].name
    for node in graph.node:
        if node.input[0] != previous or len(node.output) != 1:
            raise SystemExit(f"{path}: node {node.name}: expected a chain of layers")
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        parameters = [weights[name] for name in node.input[1:]]
        layers.append(torch_layer(node.op_type, attributes, parameters))
        previous = node.output[0]
    import torch

    return torch.nn.Sequential(*layers).eval().requires_grad_(False)


def torch_layer(kind, attributes, parameters):
    from torch import nn

    def symmetric_pads():
        pads = attributes.get("pads", [0, 0, 0, 0])
        if pads[:2] != pads[2:]:
            raise SystemExit(f"{kind}: expected the same padding on both sides, found {pads}")
        return tuple(pads[:2])

    match kind:
        case "Conv":
            weight = parameters[0]
            group = attributes.get("group", 1)
            layer = nn.Conv2d(
                weight.shape[1] * group, weight.shape[0], weight.shape[2:],
                stride=tuple(attributes.get("strides", [1, 1])), padding=symmetric_pads(),
                dilation=tuple(attributes.get("dilations", [1, 1])), groups=group,
                bias=len(parameters) > 1)
            return with_values(layer, ["weight", "bias"], parameters)
        case "BatchNormalization":
            layer = nn.BatchNorm2d(
                parameters[0].size, eps=meant(attributes.get("epsilon", 1e-5)))
            return with_values(
                layer, ["weight", "bias", "running_mean", "running_var"], parameters)
        case "Gemm":
            if attributes.get("transB", 0) != 1 or attributes.get("transA", 0) != 0:
                raise SystemExit("Gemm: expected transA 0 and transB 1")
            out_count, in_count = parameters[0].shape
            layer = nn.Linear(in_count, out_count, bias=len(parameters) > 1)
            return with_values(layer, ["weight", "bias"], parameters)
        case "MaxPool":
            return nn.MaxPool2d(
                tuple(attributes["kernel_shape"]), tuple(attributes.get("strides", [1, 1])),
                symmetric_pads())
        case "Relu":
            return nn.ReLU(inplace=True)
        case "Flatten":
            return nn.Flatten(attributes.get("axis", 1))
    raise SystemExit(f"{kind}: expected a layer of a VGG, AlexNet or LeNet-5")


def meant(value):
    """The number behind a float32 attribute: 10⁻⁵ rather than 9.99999975·10⁻⁶."""
    import numpy

    return float(str(numpy.float32(value)))


def with_values(layer, names, values):
    import torch

    state = {name: torch.from_numpy(value.copy()) for name, value in zip(names, values)}
    layer.load_state_dict(state, strict=False)
    return layer


# ncnn


def translate(folder):
    """Writes facts.json, model.pt (a pickled module) and, by pnnx, model.ncnn.param and .bin."""
    import onnx

    found = work(onnx.load(folder / "model.onnx").graph)
    (folder / "facts.json").write_text(json.dumps(found))
    try:
        import torch

        module = torch_module(folder / "model.onnx")
        torch.save(module, folder / "model.pt")
        import pnnx
    except ImportError as error:
        # The rivals that lack their file say so in the report.
        print(f"note: {error}", file=sys.stderr)
        return
    scratch = folder / "pnnx"
    scratch.mkdir(exist_ok=True)
    torch.jit.trace(module, torch.zeros(found["input"])).save(scratch / "model.pt")
    description = json.dumps(found["input"]).replace(" ", "")
    subprocess.run(
        [pnnx.EXEC_PATH, "model.pt", f"inputshape={description}", "fp16=0"],
        cwd=scratch, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in ("model.ncnn.param", "model.ncnn.bin"):
        os.replace(scratch / name, folder / name)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "translate":
        sys.exit(__doc__)
    translate(Path(sys.argv[2]))
