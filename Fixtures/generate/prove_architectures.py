"""Proves, outside Ferry, every network that it knows, at full size, and networks grown from others.

    python prove_architectures.py --ferry PATH_TO_BINARY [--folder FOLDER] [--only NAME…]

NAME is a network, or "digits", "grow", "towers" or "convolutional".

Each network is made by `ferry init` as ONNX, one at a time. Its parameters are counted (by
torchvision where that has it, else by the paper), it is run by Ferry and by ONNX Runtime, and what
`inspect --sizes` says of its maps is compared with the shapes that ONNX infers. Then the trained
LeNet-5 of 1998 reads 1,000 digits beside PyTorch; vgg13 and vgg16 are grown from vgg11 and compared
tensor by tensor; AlexNet's towers are split and merged, whose outputs must have the same bits; and
vgg16 is made fully convolutional and compared with PyTorch in float64, whose dense weights a few
lines here reshape. Exits with 1 when anything differs.
"""

import argparse
import functools
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch.nn import functional

import lenet5_1998
import recipe
from proving import ferry, worst
from vision import models

PAPERS = {
    "lenet5": 61_706, "lenet5_tanh": 61_706, "lenet5_1998": 60_000, "alexnet_2012": 60_965_224,
    "caffenet": 60_965_224, "vgg11_lrn": 132_863_336, "vgg16_c": 133_638_952,
}  # fmt: skip
TORCHVISION = ["alexnet"] + [f"vgg{n}{bn}" for n in [11, 13, 16, 19] for bn in ["", "_bn"]]


def published(name):
    if name in PAPERS:
        return PAPERS[name]
    with torch.device("meta"):
        return sum(p.numel() for p in models.get_model(name).parameters())


def maps_differ(path, sizes, batch):
    """Layers whose shape ONNX infers otherwise, or not at all."""
    inferred = path.with_suffix(".inferred.onnx")
    onnx.shape_inference.infer_shapes_path(str(path), str(inferred))
    values = onnx.load(inferred, load_external_data=False).graph
    inferred.unlink()
    shapes = {v.name: [d.dim_value or batch for d in v.type.tensor_type.shape.dim]
              for v in [*values.value_info, *values.output]}
    by_node = {node.name: shapes.get(node.output[0]) for node in values.node}
    return [layer["name"] for layer in sizes["layers"]
            if by_node.get(layer["name"]) != layer["output_shape"]]


def prove(name, options, folder):
    path, x, y = folder / f"{name}.onnx", folder / "x.npy", folder / "y.npy"
    ferry(options, "init", name, "-o", path, "--force")
    document = json.loads(ferry(options, "inspect", path, "--json"))
    sizes = json.loads(ferry(options, "inspect", path, "--sizes", "--json"))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    shape = [1, *session.get_inputs()[0].shape[1:]]
    np.save(x, recipe.make_input(tuple(shape), 1))
    ferry(options, "run", path, "--input", x, "--output", y, "--force")
    reference = session.run(None, {session.get_inputs()[0].name: np.load(x)})[0]
    del session
    line = worst(np.load(y), reference)
    differing = maps_differ(path, sizes, 1)
    known = document["architecture"] == name
    counted = document["parameters"] == published(name) == sizes["parameters"]
    path.unlink()
    good = line <= 1 and known and counted and not differing
    print(f"{name:13} {document['parameters']:>11,} parameters {'=' if counted else '≠'} published, "
          f"{line:.3f} of the pass line from ONNX Runtime, maps differing: {differing or 'none'}"
          f"{'' if good else '  WRONG'}", flush=True)
    return good


def read_digits(options, folder):
    weights = lenet5_1998.FOLDER / "lenet5_1998.pth"
    network = lenet5_1998.LeNet5()
    network.load_state_dict(tensors(weights))
    digits = np.load(lenet5_1998.FOLDER / "digits.npz")
    pictures, labels = digits["pictures"], digits["labels"]
    x, y = folder / "digits.npy", folder / "distances.npy"
    np.save(x, lenet5_1998.as_input(pictures))
    ferry(options, "run", weights, "--input", x, "--output", y, "--force")
    answer = np.load(y)
    with torch.no_grad():
        wanted = network.eval()(torch.from_numpy(np.load(x))).numpy()
    nearest = answer.argmin(1)
    equal, right = (nearest == wanted.argmin(1)).sum(), (nearest == labels).mean()
    line = worst(answer, wanted)
    print(f"lenet5_1998, trained: {100 * right:.1f} % of {len(labels)} digits read, {equal} of them as "
          f"PyTorch reads them, distances {line:.3f} of the pass line", flush=True)
    return bool(equal == len(labels) == 1000 and right >= 0.97 and line <= 1)


def tensors(path):
    return torch.load(path, mmap=True, weights_only=True)


def grow(options, folder):
    source = folder / "vgg11.pth"
    ferry(options, "init", "vgg11", "-o", source, "--seed", 1, "--force")
    shallow, good = tensors(source), True
    for name in ["vgg13", "vgg16"]:
        taken = {"features.0": "features.0", "features.5": "features.3",
                 "features.10": "features.6", "features.12": "features.8"}
        taken |= {f"classifier.{n}": f"classifier.{n}" for n in [0, 3, 6]}
        grown, plain, again = (folder / f"{name}{end}.pth" for end in ["", ".plain", ".again"])
        for path in [grown, again]:
            ferry(options, "init", name, "-o", path, "--from", source, "--seed", 7, "--force")
        ferry(options, "init", name, "-o", plain, "--seed", 7, "--force")
        deep, drawn, twin = tensors(grown), tensors(plain), tensors(again)
        same = all(torch.equal(deep[key], shallow[taken[module] + key[len(module):]]
                               if module in taken else drawn[key]) and torch.equal(deep[key], twin[key])
                   for key in deep for module in [key.rsplit(".", 1)[0]])
        model = models.get_model(name)
        model.load_state_dict(deep)
        print(f"{name} grown from vgg11: {len(taken)} layers of the source, all tensors "
              f"{'as expected, twice the same' if same else 'WRONG'}", flush=True)
        good = good and same
        del deep, drawn, twin, model
        for path in [grown, plain, again]:
            path.unlink()
    source.unlink()
    return good


def run(options, path, x, *words):
    y = path.with_suffix(".npy")
    ferry(options, "run", path, "--input", x, "--output", y, "--force", *words)
    return np.load(y)


def split_towers(options, folder):
    whole, split, merged = (folder / f"{name}.onnx" for name in ["whole", "split", "merged"])
    ferry(options, "init", "alexnet_2012", "-o", whole)
    ferry(options, "edit", whole, "-o", split, "--split-towers")
    ferry(options, "edit", split, "-o", merged, "--merge-towers")
    x = folder / "x227.npy"
    np.save(x, recipe.make_input((2, 3, 227, 227), 1))
    outputs = [run(options, path, x, "--numerics", "strict") for path in [whole, split, merged]]
    same = all(output.tobytes() == outputs[0].tobytes() for output in outputs)
    session = onnxruntime.InferenceSession(split, providers=["CPUExecutionProvider"])
    line = worst(outputs[1], session.run(None, {session.get_inputs()[0].name: np.load(x)})[0])
    groups = [sum(node.op_type == "Conv" for node in onnx.load(path).graph.node)
              for path in [whole, split, merged]]
    name = json.loads(ferry(options, "inspect", merged, "--json"))["architecture"]
    good = same and line <= 1 and groups == [5, 8, 5] and name == "alexnet_2012"
    print(f"alexnet_2012, towers split and merged: {groups} convolutions, outputs "
          f"{'of the same bits' if same else 'WRONG'}, {line:.3f} of the pass line from ONNX Runtime; "
          f"merged it is {name}", flush=True)
    return good


def score_map(model, x):
    """VGG on a picture of any size, its dense layers reshaped to 7 x 7 and 1 x 1 convolutions."""
    first, second, third = (model.classifier[n] for n in [0, 3, 6])
    x = model.features(x)
    x = functional.conv2d(x, first.weight.view(4096, 512, 7, 7), first.bias).relu()
    x = functional.conv2d(x, second.weight.view(4096, 4096, 1, 1), second.bias).relu()
    return functional.conv2d(x, third.weight.view(1000, 4096, 1, 1), third.bias)


def make_convolutional(options, folder):
    source = folder / "vgg16.pth"
    ferry(options, "init", "vgg16", "-o", source)
    maps, mean = folder / "maps.onnx", folder / "mean.onnx"
    ferry(options, "edit", source, "-o", maps, "--fully-convolutional")
    ferry(options, "edit", source, "-o", mean, "--fully-convolutional", "--average")
    small, large = folder / "small.npy", folder / "large.npy"
    np.save(small, recipe.make_input((1, 3, 224, 224), 1))
    np.save(large, recipe.make_input((1, 3, 384, 512), 1))
    original, same = run(options, source, small), run(options, mean, small)
    answer, average = run(options, maps, large), run(options, mean, large)
    model = models.vgg16()
    model.load_state_dict(tensors(source))
    with torch.no_grad():
        wanted = score_map(model.double().eval(), torch.from_numpy(np.load(large)).double()).numpy()
    lines = [worst(same, original), worst(answer, wanted), worst(average, wanted.mean((2, 3)))]
    print(f"vgg16, fully convolutional: {lines[0]:.3f} of the pass line from itself at 224 x 224; at "
          f"384 x 512 a map of {answer.shape[2]} x {answer.shape[3]}, {lines[1]:.3f} from PyTorch's, "
          f"their mean {lines[2]:.3f}", flush=True)
    return max(lines) <= 1 and answer.shape == (1, 1000, 6, 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ferry", required=True)
    parser.add_argument("--folder")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    proofs = {name: functools.partial(prove, name) for name in [*PAPERS, *TORCHVISION]}
    proofs |= {"digits": read_digits, "grow": grow, "towers": split_towers,
               "convolutional": make_convolutional}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        good = [proofs[only](options, Path(name)) for only in options.only or proofs]
    print(f"{sum(good)} of {len(good)} proved")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
