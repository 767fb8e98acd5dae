"""Narrow networks of Keras' layers under their names in PyTorch, for exporters to write."""

import numpy as np
from keras import layers


def lenet5():
    """Name in PyTorch, layer."""
    return (28, 28, 1), [
        ("conv1", layers.Conv2D(3, 5, padding="same", activation="relu")),
        (None, layers.MaxPooling2D(2)),
        ("conv2", layers.Conv2D(4, 5, activation="relu")),
        (None, layers.MaxPooling2D(2)),
        (None, layers.Flatten()),
        ("fc1", layers.Dense(9, activation="relu")),
        ("fc2", layers.Dense(8, activation="relu")),
        ("fc3", layers.Dense(10)),
    ]


def vgg11(normalized=False):
    """With batch normalisation between each convolution and its ReLU, or without."""
    found, index = [], 0
    for width in [3, 0, 4, 0, 5, 6, 0, 7, 5, 0, 6, 5, 0]:
        if width == 0:
            found.append((None, layers.MaxPooling2D(2)))
            index += 1
            continue
        activation = None if normalized else "relu"
        conv = layers.Conv2D(width, 3, padding="same", activation=activation)
        found.append((f"features.{index}", conv))
        if normalized:
            found.append((f"features.{index + 1}", layers.BatchNormalization()))
            found.append((None, layers.ReLU()))
        index += 3 if normalized else 2
    return (224, 224, 3), found + [
        (None, layers.Flatten()),
        ("classifier.0", layers.Dense(9, activation="relu")),
        ("classifier.3", layers.Dense(8, activation="relu")),
        ("classifier.6", layers.Dense(7)),
    ]


STATISTICS = ("weight", "bias", "running_mean", "running_var")


def weights(model, names):
    """The weights as PyTorch has them: OIHW, and dense rows behind Flatten in channel order."""
    found, picture = {}, None
    for layer, name in zip(model.layers, names):
        if isinstance(layer, layers.Flatten):
            picture = layer.input.shape[1:]
        if name is None:
            continue
        if isinstance(layer, layers.BatchNormalization):
            found |= {f"{name}.{part}": a for part, a in zip(STATISTICS, layer.get_weights())}
            continue
        kernel, bias = layer.get_weights()
        if kernel.ndim == 4:
            kernel = kernel.transpose(3, 2, 0, 1)
        else:
            if picture is not None:
                height, width, channels = picture
                kernel = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
                kernel, picture = kernel.reshape(height * width * channels, -1), None
            kernel = kernel.T
        found[f"{name}.weight"] = np.ascontiguousarray(kernel)
        found[f"{name}.bias"] = bias
    return found
