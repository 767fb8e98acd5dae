"""Keras 0 and 1 as h5py writes them, after the layouts of those versions.

They run on no Python of today; what they would answer, Keras 3 answers with the same weights.
"""

import json

import h5py
import numpy as np

import keras_old


def keras1_layer(layer, ordering):
    """A layer of Keras 3 as Keras 1's model_config puts it; None for one it has no word for."""
    config = layer.get_config()
    named = {"name": config["name"]}
    kind = type(layer).__name__
    activation = config.get("activation")
    if kind == "Conv2D":
        rows, columns = config["kernel_size"]
        entry = keras_old.conv1(
            config["name"], config["filters"], rows, columns, config["padding"], True, ordering,
            activation=activation)
        entry["config"]["subsample"] = list(config["strides"])
        return entry
    if kind == "Dense":
        more = {"output_dim": config["units"], "activation": activation, "bias": True}
    elif kind in ("MaxPooling2D", "AveragePooling2D"):
        more = {
            "pool_size": list(config["pool_size"]), "strides": list(config["strides"]),
            "border_mode": config["padding"], "dim_ordering": ordering}
    elif kind == "ZeroPadding2D":
        more = {"padding": [config["padding"][0][0], config["padding"][1][0]],
                "dim_ordering": ordering}
    elif kind == "BatchNormalization":
        more = {"mode": 0, "axis": -1 if ordering == "tf" else 1, "epsilon": config["epsilon"]}
    elif kind == "Activation":
        more = {"activation": activation}
    elif kind == "Flatten":
        more = {}
    else:
        return None
    return {"class_name": kind, "config": named | more}


def model_config(twin, ordering):
    """Keras 1's Sequential: the twin's layers in a row."""
    layers = [entry for layer in twin.layers if (entry := keras1_layer(layer, ordering))]
    _, height, width, channels = twin.inputs[0].shape
    shape = [height, width, channels] if ordering == "tf" else [channels, height, width]
    layers[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": layers}


def leaves(arrays):
    return ("W", "b") if len(arrays) == 2 else ("gamma", "beta", "running_mean", "running_std")


def turned(layers):
    """Theano's kernels, and dense rows that follow a flatten of channels-first pictures."""
    channels = None
    for name, arrays in layers:
        first = arrays[0] if arrays else np.zeros(())
        if first.ndim == 4:
            channels = first.shape[3]
            arrays = [keras_old.theano(first, True), *arrays[1:]]
        elif first.ndim == 2 and channels:
            side = int(round((len(first) / channels) ** 0.5))
            rows = first.reshape(side, side, channels, -1).transpose(2, 0, 1, 3)
            arrays, channels = [rows.reshape(first.shape), *arrays[1:]], None
        yield name, arrays


def lists(layers):
    """Layers with their weights named as Keras 1 named them."""
    return [
        (name, [(f"{name}_{leaf}", array) for leaf, array in zip(leaves(arrays), arrays)])
        for name, arrays in layers
    ]


def save_keras1(path, layers, config=None):
    """Weights alone, or with `config` a whole model."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        group = file
        if config:
            file.attrs["model_config"] = json.dumps(config).encode()
            group = file.create_group("model_weights")
        keras_old.write_lists(group, lists(layers))


def save_keras0(path, layers):
    """Weights of Keras 0.3: layers and their parameters are numbered, none is named."""
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = len(layers)
        for index, (_, arrays) in enumerate(layers):
            group = file.create_group(f"layer_{index}")
            group.attrs["nb_params"] = len(arrays)
            for number, array in enumerate(arrays):
                group.create_dataset(f"param_{number}", data=array)
