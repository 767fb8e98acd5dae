"""Weights without a graph: state dicts in safetensors, .pth, .npz or HDF5, and Keras' HDF5."""

import h5py
import numpy as np
import safetensors.numpy
import torch

from mutate.layers import Layer

LEAVES = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
KERAS_LEAVES = {
    "conv": {"weight": "kernel", "bias": "bias"},
    "depthwise": {"weight": "depthwise_kernel", "bias": "bias"},
    "dense": {"weight": "kernel", "bias": "bias"},
    "norm": {"weight": "gamma", "bias": "beta", "mean": "moving_mean",
             "variance": "moving_variance"},
    "prelu": {"weight": "alpha"},
}  # fmt: skip


class StateDict:
    """PyTorch's names and orders. `form` is the file's ending."""

    def __init__(self, arrays, form, picture):
        self.arrays, self.ending, self.first_picture = dict(arrays), form, picture

    def copy(self):
        return StateDict(self.arrays, self.ending, self.first_picture)

    def save(self, path):
        arrays = {k: np.ascontiguousarray(v) for k, v in self.arrays.items()}
        if self.ending == ".safetensors":
            safetensors.numpy.save_file(arrays, path)
        elif self.ending == ".npz":
            np.savez(path, **arrays)
        elif self.ending == ".pth":
            torch.save({k: torch.from_numpy(v.copy()) for k, v in arrays.items()}, path)
        else:
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    file.create_dataset(name, data=array)

    def layers(self):
        found, picture = [], self.first_picture
        for name in dict.fromkeys(key.rpartition(".")[0] for key in self.arrays):
            arrays = {role: self.arrays[f"{name}.{leaf}"] for role, leaf in LEAVES.items()
                      if f"{name}.{leaf}" in self.arrays}  # fmt: skip
            rank = arrays["weight"].ndim
            kind = "norm" if "mean" in arrays else "conv" if rank == 4 else "dense"
            layer = Layer(name, kind, arrays)
            if kind == "dense":
                layer.picture, picture = picture, None
            found.append(layer)
        return found

    def put(self, layer, **arrays):
        for role, array in arrays.items():
            self.arrays[f"{layer.name}.{LEAVES[role]}"] = np.asarray(array, np.float32)


class KerasFile:
    """A whole Keras model in HDF5, edited in its bytes by h5py.

    `described` lists (layer, class, whether channels come first, groups, shape before Flatten).
    """

    ending = ".h5"

    def __init__(self, path, described):
        self.content, self.described, self.edits = path.read_bytes(), described, {}
        self.config, self.arrays = None, {}
        with h5py.File(path) as file:
            self.config = file.attrs["model_config"]
            for name, group in file["model_weights"].items():
                for label in group.attrs["weight_names"]:
                    text = label if isinstance(label, str) else label.decode()
                    leaf = text.split("/")[-1].split(":")[0]
                    self.arrays[name, leaf] = group[text][...], group[text].name
        self.channels_first = any(entry[2] for entry in described)

    def copy(self):
        other = KerasFile.__new__(KerasFile)
        other.__dict__ = {**self.__dict__, "edits": dict(self.edits)}
        return other

    def save(self, path):
        path.write_bytes(self.content)
        with h5py.File(path, "r+") as file:
            for place, array in self.edits.items():
                file[place][...] = array
            file.attrs["model_config"] = self.config

    def layers(self):
        found, picture = [], None
        for name, kind, first, groups, shape in self.described:
            if kind == "Flatten":
                picture = shape if first else (shape[2], *shape[:2])
            leaves = KERAS_LEAVES.get(KERAS_KINDS.get(kind), {})
            arrays = {role: turned(kind, self.arrays[name, leaf][0], role)
                      for role, leaf in leaves.items() if (name, leaf) in self.arrays}  # fmt: skip
            if "weight" not in arrays:
                continue
            made = Layer(name, CANONICAL[KERAS_KINDS[kind]], arrays, groups)
            if kind == "DepthwiseConv2D":
                made.group = self.arrays[name, "depthwise_kernel"][0].shape[2]
            if kind == "Dense":
                # Flatten of Keras 3 counts H·W·C in pictures of either layout.
                made.picture, made.order, picture = picture, "HWC", None
            found.append(made)
        return found

    def put(self, layer, **arrays):
        kind = next(entry[1] for entry in self.described if entry[0] == layer.name)
        for role, array in arrays.items():
            leaf = KERAS_LEAVES[KERAS_KINDS[kind]][role]
            stored, place = self.arrays[layer.name, leaf]
            array = np.asarray(array, np.float32)
            self.edits[place] = turned_back(kind, array, role, stored.shape)


KERAS_KINDS = {"Conv2D": "conv", "DepthwiseConv2D": "depthwise", "Dense": "dense",
               "BatchNormalization": "norm"}  # fmt: skip
CANONICAL = {"conv": "conv", "depthwise": "conv", "dense": "dense", "norm": "norm"}


def turned(kind, array, role):
    """An array of Keras in PyTorch's order."""
    if role != "weight" or array.ndim == 1:
        return array
    if kind == "DepthwiseConv2D":
        height, width = array.shape[:2]
        return array.transpose(2, 3, 0, 1).reshape(-1, 1, height, width)
    return np.ascontiguousarray(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T)


def turned_back(kind, array, role, shape):
    if role != "weight" or array.ndim == 1:
        return array
    if kind == "DepthwiseConv2D":
        return array.reshape(*shape[2:], *shape[:2]).transpose(2, 3, 0, 1)
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def described(model):
    """What `KerasFile` must know of a Keras model's layers."""
    return [(layer.name, type(layer).__name__,
             getattr(layer, "data_format", None) == "channels_first",
             getattr(layer, "groups", 1), tuple(layer.input.shape[1:])
             if type(layer).__name__ == "Flatten" else None)
            for layer in model.layers]  # fmt: skip
