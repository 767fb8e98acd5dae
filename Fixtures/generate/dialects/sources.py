"""The dialects that Ferry reads: how each file is made, by what, and what opens it.

To add one, add a `Source` to the list that `sources` gives.
"""

import collections
import dataclasses
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import onnx
import safetensors.torch
import torch

import networks
from dialects import caffe, cases, libraries, old_keras
from dialects.libraries import Library

NO_GRAPH = "tensors alone do not say where responses are normalised"


@dataclasses.dataclass(frozen=True)
class Source:
    name: str
    # The format that the way back is written in; `back` goes with it. None where Ferry only reads.
    to: str | None
    ending: str
    # Opens the source, and what comes back.
    library: Library
    # Called with the case and the path to write.
    make: Callable
    back: tuple = ()
    # What Ferry is told because the file does not say it; names are of files beside it.
    told: tuple = ()
    graph: bool = False
    # Whether the exporter fuses batch normalisations into convolutions.
    folded: bool = False
    # Whether all networks but LeNet end in a softmax, as Keras' do.
    softmax: bool = False
    # What stands for the source where no library of today runs it: (case, path) -> path.
    twin: Callable | None = None
    # The normalisations' epsilon, where the exporter has not worked it into their factors.
    epsilon: float = cases.EPSILON
    # Whether its weights are bfloat16.
    bfloat16: bool = False
    # Why it cannot hold local responses; None where it can.
    lacks_responses: str | None = NO_GRAPH
    # Why it cannot hold batch normalisations; None where it can.
    lacks_normalisations: str | None = None
    # The source that it comes back as, where Ferry does not write this one; that for local
    # responses alone.
    back_as: "Source | None" = None
    responses_back_as: "Source | None" = None

    @property
    def read_only(self):
        return self.to is None

    def lacks(self, case):
        """Why it cannot hold a network; None where it can."""
        if case.responds:
            return self.lacks_responses
        return self.lacks_normalisations if case.normalised else None

    def returning(self, case):
        return (self.responses_back_as if case.responds else None) or self.back_as or self

    def view(self, case):
        softmax = self.softmax and case.name not in networks.LENETS
        return dataclasses.replace(case.view(self.folded, softmax), epsilon=self.epsilon)

    def options(self, case):
        return [*self.told, *(() if self.graph else case.told())]

    def original(self, case, path):
        """Its weights and outputs by its own library."""
        read = self.twin(case, path) if self.twin else path
        return self.library.open(read, case, self.view(case))


# ------------------------------------------------------------- tensors by name


def tensors(case):
    return {k: v.clone() for k, v in case.model.state_dict().items()}


def checkpoint(case):
    """What a training loop of torch.nn.DataParallel keeps."""
    parameters = [p for p in case.model.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    state = collections.OrderedDict((f"module.{k}", v) for k, v in tensors(case).items())
    return {"epoch": 7, "arch": case.name, "state_dict": state, "best_acc1": 71.5,
            "optimizer": optimizer.state_dict()}  # fmt: skip


def rounded(kind):
    """The tensors, their floating-point numbers as `kind`."""
    return lambda case: {
        k: v.to(kind) if v.is_floating_point() else v for k, v in tensors(case).items()}  # fmt: skip


def save_shards(case, path):
    """Two files and their index, as Hugging Face's libraries write them."""
    state = tensors(case)
    names = list(state)
    halves = {"model-00001-of-00002.safetensors": names[: len(names) // 2],
              "model-00002-of-00002.safetensors": names[len(names) // 2 :]}  # fmt: skip
    for file, half in halves.items():
        part = {name: state[name] for name in half}
        safetensors.torch.save_file(part, path.parent / file, metadata={"format": "pt"})
    size = sum(t.numel() * t.element_size() for t in state.values())
    places = {name: file for file, half in halves.items() for name in half}
    path.write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": places}))


def save_hdf5(case, path, separator="."):
    with h5py.File(path, "w") as file:
        for name, array in case.state().items():
            file[name.replace(".", separator)] = array


def state_sources():
    pth = libraries.StateDict("PyTorch", libraries.load_pth)
    safe = libraries.StateDict("safetensors", libraries.load_safetensors)
    npz = libraries.StateDict("NumPy", libraries.load_npz)
    dump = libraries.StateDict("h5py", libraries.load_hdf5)

    def saved(value, **options):
        return lambda case, path: torch.save(value(case), path, **options)

    def saved_safe(value):
        return lambda case, path: safetensors.torch.save_file(value(case), path)

    return [
        Source("pth", "pth", ".pth", pth, saved(tensors)),
        Source("pth, before 1.6", "pth", ".pth", pth,
               saved(tensors, _use_new_zipfile_serialization=False)),
        Source("pth, checkpoint of DataParallel", "pth", ".pth", pth, saved(checkpoint)),
        Source("pth, checkpoint before 1.6", "pth", ".pth", pth,
               saved(checkpoint, _use_new_zipfile_serialization=False)),
        Source("pth, float64", "pth", ".pth", pth, saved(rounded(torch.float64))),
        Source("pth, float16", "pth", ".pth", pth, saved(rounded(torch.float16))),
        Source("pth, bfloat16", "pth", ".pth", pth, saved(rounded(torch.bfloat16)),
               bfloat16=True),
        Source("safetensors", "safetensors", ".safetensors", safe, saved_safe(tensors)),
        Source("safetensors, float16", "safetensors", ".safetensors", safe,
               saved_safe(rounded(torch.float16))),
        Source("safetensors, bfloat16", "safetensors", ".safetensors", safe,
               saved_safe(rounded(torch.bfloat16)), bfloat16=True),
        Source("safetensors, 2 shards", "safetensors", ".safetensors.index.json", safe, save_shards),
        Source("npz", "npz", ".npz", npz, lambda case, path: np.savez(path, **case.state())),
        Source("npz, compressed", "npz", ".npz", npz,
               lambda case, path: np.savez_compressed(path, **case.state())),
        Source("hdf5, dotted names", "hdf5", ".h5", dump, save_hdf5),
        Source("hdf5, groups", "hdf5", ".h5", dump,
               lambda case, path: save_hdf5(case, path, "/")),
    ]  # fmt: skip


# ------------------------------------------------------------------------ ONNX


def export(case, path, dynamo=False, folded=True, external=False, **options):
    """By either exporter of PyTorch, with an open batch."""
    logging.disable(logging.WARNING)
    example = (torch.from_numpy(case.x),)
    names = {"input_names": ["input"], "output_names": ["output"]}
    if dynamo:
        program = torch.onnx.export(
            case.model, example, dynamo=True, verbose=False, optimize=folded, **names,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},), **options)
        program.save(path, external_data=external)
        return
    if not folded:
        options |= {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    axes = {"input": {0: "batch"}, "output": {0: "batch"}}
    torch.onnx.export(case.model, example, path, dynamo=False, dynamic_axes=axes, **names, **options)
    if external:
        model = onnx.load(path)
        path.unlink()
        onnx.save_model(model, path, save_as_external_data=True, size_threshold=0,
                        location=f"{path.name}.data")  # fmt: skip


def onnx_sources():
    library = libraries.ONNX("ONNX Runtime")

    def source(title, opset, folded, **options):
        fate = "folded" if folded else "unfolded"
        return Source(
            f"onnx {opset}, {title}, {fate}", "onnx", ".onnx", library,
            lambda case, path: export(case, path, folded=folded, opset_version=opset, **options),
            back=("--opset", str(max(opset, 9))), graph=True, folded=folded, lacks_responses=None)

    return [
        source("TorchScript, weights as inputs", 7, False, keep_initializers_as_inputs=True),
        source("TorchScript", 9, True),
        source("TorchScript", 11, False),
        source("TorchScript", 13, True),
        source("TorchScript", 17, True),
        source("TorchScript", 17, False),
        source("TorchScript, external data", 17, False, external=True),
        source("TorchScript", 20, True),
        source("dynamo", 18, False, dynamo=True),
        source("dynamo", 20, True, dynamo=True),
        source("dynamo, external data", 20, True, dynamo=True, external=True),
        source("dynamo", 23, False, dynamo=True),
    ]


# ----------------------------------------------------------------------- Keras


def save_keras(side, form, case, path):
    view = case.view(False, case.name not in networks.LENETS)
    with tempfile.TemporaryDirectory() as folder:
        files = {key: f"{folder}/{key}.{ending}"
                 for key, ending in [("arrays", "npz"), ("x", "npy"), ("y", "npy")]}  # fmt: skip
        flat = [a for layer in networks.keras_arrays(case.model) for a in layer]
        np.savez(files["arrays"], **{f"{i:03}": a for i, a in enumerate(flat)})
        np.save(files["x"], case.x)
        side.save(network=view.network, softmax=view.softmax, epsilon=view.epsilon, form=form,
                  path=str(path), **files)  # fmt: skip


def keras_sources(keras3, tf_keras):
    def source(title, side, form, to, ending, **options):
        library = libraries.Keras(title, side, form, ending)
        return Source(
            title, to, ending, library, lambda case, path: save_keras(side, form, case, path),
            graph=form == "model", softmax=True, **options)

    reload = "Keras 3 does not open what it writes: .h5 drops the modules of op layers"
    archive = source("Keras 3 .keras", keras3, "model", "keras", ".keras", lacks_responses=None)
    lrn = {"lacks_responses": None, "responses_back_as": archive}
    numbered = source("Keras 3 .weights.h5", keras3, "weights", "keras3-weights-h5", ".weights.h5")
    return [
        archive,
        source("Keras 3 .h5", keras3, "model", "keras-h5", ".h5", lacks_responses=reload),
        numbered,
        source("Keras 3 .weights.json, shards", keras3, "weights", "keras3-weights-h5",
               ".weights.json", back_as=numbered),
        source("Keras 3 weights, legacy .h5", keras3, "weights", "keras-weights-h5", ".h5"),
        source("tf_keras .keras", tf_keras, "model", "keras", ".keras", **lrn),
        source("tf_keras .h5", tf_keras, "model", "keras-h5", ".h5", **lrn),
        source("tf_keras .weights.h5", tf_keras, "weights", "keras3-weights-h5", ".weights.h5"),
        source("tf_keras weights .h5", tf_keras, "weights", "keras-weights-h5", ".h5"),
        Source("onnx 15, tf2onnx, folded", "onnx", ".onnx", libraries.ONNX("ONNX Runtime"),
               lambda case, path: save_keras(tf_keras, "onnx", case, path),
               back=("--opset", "15"), graph=True, folded=True, softmax=True, lacks_responses=None),
        Source("onnx 20, Keras 3's exporter", "onnx", ".onnx", libraries.ONNX("ONNX Runtime"),
               lambda case, path: save_keras(keras3, "onnx", case, path),
               back=("--opset", "20"), graph=True, softmax=True, epsilon=1e-5,
               lacks_responses="Keras 3 exports them as a convolution and a power"),
        *old_keras_sources(tf_keras),
    ]  # fmt: skip


def old_keras_sources(tf_keras):
    """Keras 0 and 1; tf_keras opens what comes back, and stands for what cannot be installed."""
    whole = libraries.Keras("tf_keras", tf_keras, "model", ".h5")
    weights = libraries.Keras("tf_keras", tf_keras, "weights", ".h5")

    def layers(case):
        twin = networks.keras_networks.make(networks.keras, case.name, epsilon=cases.EPSILON)
        arrays = iter(networks.keras_arrays(case.model))
        named = [layer for layer in twin.layers if type(layer).__name__ != "InputLayer"]
        return twin, [(n.name, next(arrays) if n.weights else []) for n in named]

    def keras1(ordering, config):
        def make(case, path):
            twin, found = layers(case)
            found = list(old_keras.turned(found)) if ordering == "th" else found
            entry = old_keras.model_config(twin, ordering) if config else None
            old_keras.save_keras1(path, found, entry)

        return make

    def keras0(case, path):
        old_keras.save_keras0(path, list(old_keras.turned(layers(case)[1])))

    def twin(form):
        def make(case, path):
            beside = path.with_name("twin.h5")
            save_keras(tf_keras, form, case, beside)
            return beside

        return make

    theano = ("--keras-kernels", "theano")
    old = {"softmax": True, "lacks_responses": "Keras 0 and 1 had no layer of it"}
    return [
        Source("Keras 1 .h5", "keras-h5", ".h5", whole, keras1("tf", True), graph=True,
               twin=twin("model"), **old),
        Source("Keras 1 .h5, Theano", "keras-h5", ".h5", whole, keras1("th", True), graph=True,
               told=theano, twin=twin("model"), **old),
        Source("Keras 1 weights", "keras-weights-h5", ".h5", weights, keras1("tf", False),
               told=("--keras-kernels", "tensorflow"), twin=twin("weights"), **old),
        Source("Keras 1 weights, Theano", "keras-weights-h5", ".h5", weights,
               keras1("th", False), told=theano, twin=twin("weights"), **old),
        Source("Keras 0 weights, Theano", "keras-weights-h5", ".h5", weights, keras0,
               told=theano, twin=twin("weights"), **old),
    ]  # fmt: skip


# ----------------------------------------------------------------------- Caffe


def caffe_sources():
    library = caffe.OpenCV("OpenCV")
    of_2013 = "Caffe had no batch normalisation in 2013"

    def source(name, ending, make, **options):
        return Source(f"Caffe {name}", None, ending, library, make, graph=True,
                      lacks_responses=None, **options)  # fmt: skip

    return [
        source(".caffemodel, as trained", ".caffemodel",
               lambda case, path: caffe.save_trained(case, path, old=False)),
        source(".caffemodel of 2013, as trained", ".caffemodel",
               lambda case, path: caffe.save_trained(case, path, old=True),
               lacks_normalisations=of_2013),
        source(".caffemodel, as trained, and a prototxt", ".caffemodel", caffe.save_told,
               told=("--prototxt", caffe.DEPLOY), softmax=True),
        source(".prototxt, .caffemodel", ".prototxt", caffe.save_with_prototxt, softmax=True),
        source(".prototxt, .caffemodel of 2013", ".prototxt",
               lambda case, path: caffe.save_with_prototxt(case, path, old=True),
               softmax=True, lacks_normalisations=of_2013),
        source(".prototxt, .caffemodel.h5", ".prototxt",
               lambda case, path: caffe.save_with_prototxt(case, path, hdf5=True), softmax=True),
    ]  # fmt: skip


def sources(keras3, tf_keras):
    return [*state_sources(), *onnx_sources(), *keras_sources(keras3, tf_keras), *caffe_sources()]
