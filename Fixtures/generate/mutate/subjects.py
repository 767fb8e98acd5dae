"""What mistakes are made on: good models with a judge and an input."""

import dataclasses

import numpy as np
import onnx
import torch
from torch.onnx import TrainingMode

import networks
import recipe
from mutate import bag_store, judge, keras_models, modules, nets
from mutate.onnx_store import OnnxStore

SEED = 21
STATES = (("lenet5", ".safetensors"), ("lenet5", ".npz"), ("alexnet_narrow", ".safetensors"),
          ("alexnet_narrow", ".pth"), ("vgg16_bn_narrow", ".h5"))  # fmt: skip
FIXTURES = {"models/lenet5/lenet5.onnx": "lenet5", "onnx/tf2onnx/lenet5.onnx": "lenet5",
            "models/alexnet_narrow/alexnet_narrow.dynamo.onnx": "alexnet_narrow"}  # fmt: skip


@dataclasses.dataclass
class Subject:
    store: object
    judge: object
    x: np.ndarray  # in the layout of the mistaken file
    # The file that is taken for right; None for the store's own.
    reference: object = None
    options: tuple = ()
    limit: int = 1  # instances of one mistake
    # Layers of known networks, which Ferry calls by PyTorch's names whatever the file calls them.
    names: dict = dataclasses.field(default_factory=dict)


def export(model, x, path, dynamo=False, folded=True, opset=17, **options):
    """By either exporter of PyTorch, with an open batch."""
    example, names = (torch.from_numpy(x),), {"input_names": ["x"], "output_names": ["y"]}
    if dynamo:
        program = torch.onnx.export(
            model, example, dynamo=True, verbose=False, optimize=folded, **names,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},), **options)
        program.save(path)
        return path
    if not folded:
        options |= {"training": TrainingMode.PRESERVE, "do_constant_folding": False}
    axes = {"x": {0: "batch"}, "y": {0: "batch"}}
    torch.onnx.export(model, example, path, dynamo=False, opset_version=opset, dynamic_axes=axes,
                      **names, **options)  # fmt: skip
    return path


def from_builder(make):
    store = OnnxStore(make(SEED))
    x = recipe.make_input(store.input_shape, SEED)
    return Subject(store, judge.OnnxJudge(x), x, limit=2)


def from_module(kind, folder, folded):
    """A TorchScript export, with normalisations or without."""
    model, x = modules.made(kind, modules.MODULES[kind][0], SEED), modules.inputs(kind, SEED)
    path = export(model, x, folder / f"{kind.__name__}{folded}.onnx", folded=folded)
    return Subject(OnnxStore(onnx.load(path)), judge.OnnxJudge(x), x)


def from_fixture(path, network):
    store = OnnxStore(onnx.load(recipe.FIXTURES / path))
    x = recipe.make_input(store.input_shape, SEED)
    known = [name for name, _ in networks.layers_with_weights(networks.make_torch(network))]
    names = {layer.name: name for layer, name in zip(store.layers(), known, strict=True)}
    return Subject(store, judge.OnnxJudge(x), x, names=names)


def from_keras(build, folder):
    model = keras_models.made(build, keras_models.MODELS[build][0], SEED)
    path = folder / f"{build.__name__}.h5"
    model.save(path)
    x = keras_models.inputs(model, SEED)
    store = bag_store.KerasFile(path, bag_store.described(model))
    return Subject(store, judge.KerasJudge(x, folder), x)


def from_state(name, form, folder, options=()):
    """A state dict against PyTorch's own export of the same network."""
    model = recipe.fill(networks.make_torch(name), SEED)
    for index, module in enumerate(model.modules()):
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var *= 0.05 if index % 2 else 1
    side = 28 if name in networks.LENETS else 224
    x = recipe.make_input((2, 1 if side == 28 else 3, side, side), SEED)
    reference = folder / f"{name}.onnx"
    if not reference.exists():
        export(model, x, reference, folded=False)
    arrays = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    first = {"lenet5": (16, 5, 5)}.get(name)
    if first is None:
        dense = next(m for m in model.modules() if isinstance(m, torch.nn.Linear))
        convs = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
        channels = convs[-1].out_channels
        sides = round((dense.in_features // channels) ** 0.5)
        first = (channels, sides, sides)
    store = bag_store.StateDict(arrays, form, first)
    return Subject(store, judge.TorchJudge(model, x), x, reference, options)


def subjects(folder):
    """Every good model: its name, and what makes its `Subject`."""
    for make in nets.NETWORKS:
        yield f"onnx {make.__name__}", lambda: from_builder(make)
    for kind in modules.MODULES:
        yield f"torch {kind.__name__}", lambda: from_module(kind, folder, folded=False)
    yield "torch Plain, folded", lambda: from_module(modules.Plain, folder, folded=True)
    for build in keras_models.MODELS:
        yield f"keras {build.__name__}", lambda: from_keras(build, folder)
    for network, form in STATES:
        options = ("--arch", network) if network in networks.LENETS else ()
        yield f"{form[1:]} {network}", lambda: from_state(network, form, folder, options)
    for path, network in FIXTURES.items():
        yield f"fixture {path}", lambda: from_fixture(path, network)
