"""Caffe's networks of the table: written by caffe_models.py's own writer, opened by OpenCV.

OpenCV knows no `k` of local responses: where there are some, PyTorch answers, with the weights
that OpenCV read. Nor does it open HDF5: there h5py reads the weights, and OpenCV answers for a
binary file of the same network.
"""

import collections

import cv2
import h5py
import numpy as np
from torch import nn

import caffe_models
import networks
from dialects import cases
from dialects.libraries import Library, filled

# What training leaves the statistics of a normalisation as multiples of.
FACTOR = np.float32(999.98236)
NAMES = {
    "Convolution": "conv", "InnerProduct": "fc", "BatchNorm": "bn", "ReLU": "relu", "TanH": "tanh",
    "Pooling": "pool", "LRN": "norm", "Dropout": "drop", "Scale": "scale", "Softmax": "prob",
}  # fmt: skip
DEPLOY = "deploy.prototxt"
IN_PLACE = ("ReLU", "TanH", "Dropout", "BatchNorm", "Scale")


# ---------------------------------------------------------------------- writing


def layers(case, softmax):
    """The case's PyTorch network as layers of Caffe."""
    made, counts, blob = [], collections.Counter(), "data"
    steps = [*in_a_row(case.model), *([nn.Softmax(1)] if softmax else [])]
    for kind, blobs, params in (part for module in steps for part in parts(module)):
        counts[kind] += 1
        name = f"{NAMES[kind]}{counts[kind]}"
        top = blob if kind in IN_PLACE else name
        made.append(caffe_models.layer(name, kind, blob, top, blobs, **params))
        blob = top
    return made


def in_a_row(model):
    """The modules of a network in the order that they are called in."""
    if isinstance(model, networks.LeNet5):
        act, pool = model.activation, model.pool
        head = [model.fc1, act, model.fc2, act, model.fc3]
        return [model.conv1, act, pool, model.conv2, act, pool, *head]
    found = [*model.features.modules(), *model.classifier.modules()]
    return [module for module in found if not isinstance(module, nn.Sequential)]


def parts(module):
    """One module as (kind, blobs, parameters) of the layers that Caffe has for it."""
    blobs = [p.detach().numpy() for p in module.parameters()]
    match module:
        case nn.Conv2d():
            settings = {"num_output": module.out_channels, "pad": module.padding[0],
                        "kernel_size": module.kernel_size[0],
                        "stride": module.stride[0]}  # fmt: skip
            return [("Convolution", blobs, {"convolution_param": settings})]
        case nn.Linear():
            settings = {"num_output": module.out_features}
            return [("InnerProduct", blobs, {"inner_product_param": settings})]
        case nn.BatchNorm2d():
            sums = [s.numpy() * FACTOR for s in (module.running_mean, module.running_var)]
            sums.append(np.array([FACTOR]))
            return [("BatchNorm", sums, {"batch_norm_param": {"eps": module.eps}}),
                    ("Scale", blobs, {"scale_param": {"bias_term": True}})]  # fmt: skip
        case nn.MaxPool2d() | nn.AvgPool2d():
            settings = {"pool": "MAX" if isinstance(module, nn.MaxPool2d) else "AVE",
                        "kernel_size": module.kernel_size, "stride": module.stride}  # fmt: skip
            return [("Pooling", [], {"pooling_param": settings})]
        case nn.LocalResponseNorm():
            settings = {"local_size": module.size, "alpha": module.alpha, "beta": module.beta,
                        "k": module.k}  # fmt: skip
            return [("LRN", [], {"lrn_param": settings})]
        case nn.Dropout():
            return [("Dropout", [], {"dropout_param": {"dropout_ratio": module.p}})]
    return [({nn.ReLU: "ReLU", nn.Tanh: "TanH", nn.Softmax: "Softmax"}[type(module)], [], {})]


def save_trained(case, path, old):
    """What the solver saves: read alone, so that the network is the file's own."""
    made = layers(case, softmax=False)
    save_deploy(case, path.with_name("opencv.prototxt"), made, old)
    saved = caffe_models.training(made, made[-1]["top"][0], crop=case.x.shape[-1])
    saved = [caffe_models.without_include(entry) if old else entry for entry in saved]
    path.write_bytes(caffe_models.binary(case.name, saved, old))
    path.with_name("opencv.caffemodel").symlink_to(path)


def save_told(case, path):
    """What the solver saves, and the prototxt for inference, which has another name."""
    save_trained(case, path, old=False)
    made = layers(case, softmax=case.name not in networks.LENETS)
    for name in (DEPLOY, "opencv.prototxt"):
        save_deploy(case, path.with_name(name), made, old=False)


def save_with_prototxt(case, path, old=False, hdf5=False):
    """The prototxt for inference, and the weights that it finds beside it."""
    made = layers(case, softmax=case.name not in networks.LENETS)
    weights = path.with_suffix(".caffemodel")
    for proto in (path, path.with_name("opencv.prototxt")):
        save_deploy(case, proto, made, old)
    if hdf5:
        caffe_models.write_h5(f"{weights}.h5", made, "latest")
        weights = path.with_name("opencv.caffemodel")
    weights.write_bytes(caffe_models.binary(case.name, made, old))
    if not hdf5:
        path.with_name("opencv.caffemodel").symlink_to(weights)


def save_deploy(case, path, made, old):
    shape = case.x.shape
    entries = made if old else [caffe_models.data(shape), *made]  # in 2013 inputs were no layers
    path.write_text(caffe_models.prototxt(case.name, shape, entries, old))


# ---------------------------------------------------------------------- reading


class OpenCV(Library):
    """Weights come by PyTorch's names, statistics divided as Caffe divides them."""

    def read(self, path, case, view):
        files = [str(path.with_name(f"opencv.{ending}")) for ending in ("prototxt", "caffemodel")]
        net = cv2.dnn.readNetFromCaffe(*files)
        hdf5 = path.with_suffix(".caffemodel.h5")
        if hdf5.exists():
            with h5py.File(hdf5) as file:
                weights = named(case, lambda name, index: file["data"][name][str(index)][()])
        else:
            weights = named(case, net.getParam)
        if case.responds:
            return weights, cases.run(filled(view, case.state() | dict(weights)), case.x)
        net.setInput(case.x, "data")
        return weights, net.forward()


def named(case, blob):
    """(PyTorch's name, array) of all weights; blob(layer, index) gives Caffe's."""
    counts, found = collections.Counter(), []
    kinds = {nn.Conv2d: "conv", nn.Linear: "fc", nn.BatchNorm2d: "bn"}
    for prefix, module in networks.layers_with_weights(case.model):
        kind = kinds[type(module)]
        counts[kind] += 1
        layer = f"{kind}{counts[kind]}"
        if kind == "bn":
            share = np.float32(1) / blob(layer, 2).reshape(1)
            scale = f"scale{counts[kind]}"
            arrays = {"weight": blob(scale, 0), "bias": blob(scale, 1),
                      "running_mean": blob(layer, 0) * share,
                      "running_var": blob(layer, 1) * share}  # fmt: skip
        else:
            arrays = {"weight": blob(layer, 0), "bias": blob(layer, 1)}
        for leaf, array in arrays.items():
            found.append((f"{prefix}.{leaf}", array.reshape(getattr(module, leaf).shape)))
    return found
