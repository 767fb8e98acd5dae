"""Good networks in Keras 3: whole models in HDF5 and .keras, channels last and first."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

import recipe  # noqa: E402


def plain(width):
    """A chain: "same" and "valid", uneven kernels, normalisations, dense layers of one size."""
    return keras.Sequential([
        layers.Input((17, 14, 3)),
        layers.Conv2D(width, (3, 5), padding="same", use_bias=False, name="conv1"),
        layers.BatchNormalization(name="bn1"),
        layers.ReLU(max_value=6.0, name="relu1"),
        layers.MaxPooling2D((2, 3), strides=2, padding="same", name="pool1"),
        layers.Conv2D(width, 3, strides=2, padding="same", activation="relu", name="conv2"),
        layers.Conv2D(width, 3, padding="same", name="conv3"),
        layers.BatchNormalization(epsilon=1e-5, scale=False, name="bn3"),
        layers.LeakyReLU(negative_slope=0.3, name="leaky3"),
        layers.Flatten(name="flatten"),
        layers.Dense(9, activation="tanh", name="fc1"),
        layers.Dropout(0.5, name="drop"),
        layers.Dense(9, activation="relu", name="fc2"),
        layers.Dense(9, activation="elu", name="fc3"),
        layers.Dense(7, name="fc4"),
    ], name=f"plain{width}")  # fmt: skip


def branches(width):
    """A graph: depthwise, groups, dilation, joins, hard sigmoid, a global pool, softmax."""
    x = inputs = layers.Input((15, 18, 4), name="image")
    x = layers.Conv2D(2 * width, 3, padding="same", groups=2, name="conv1")(x)
    x = layers.ReLU(name="relu1")(x)
    x = layers.DepthwiseConv2D((5, 3), depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Activation("hard_sigmoid", name="hard")(x)
    left = layers.Conv2D(6, 3, dilation_rate=2, padding="same", name="left")(x)
    right = layers.AveragePooling2D(3, 1, padding="same", name="right_pool")(x)
    right = layers.Conv2D(6, 1, activation="elu", name="right")(right)
    x = layers.Add(name="total")([left, right])
    x = layers.Concatenate(name="concat")([x, right])
    x = layers.SeparableConv2D(7, 3, activation="relu", name="separable")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    x = layers.Dense(7, activation="relu", name="fc1")(x)
    return keras.Model(inputs, layers.Dense(6, activation="softmax", name="fc2")(x),
                       name=f"branches{width}")  # fmt: skip


def first(width):
    """Channels first, flattened as Keras 3 does it."""
    chosen = {"data_format": "channels_first"}
    return keras.Sequential([
        layers.Input((3, 13, 10)),
        layers.Conv2D(width, 3, activation="relu", **chosen, name="conv1"),
        layers.MaxPooling2D(2, **chosen, name="pool1"),
        layers.Conv2D(5, (2, 3), activation="tanh", **chosen, name="conv2"),
        layers.Flatten(**chosen, name="flatten"),
        layers.Dense(8, activation="relu", name="fc1"),
        layers.Dense(6, name="fc2"),
    ], name=f"first{width}")  # fmt: skip


ROLES = {"gamma": "bn_weight", "beta": "bn_bias", "moving_mean": "running_mean",
         "moving_variance": "running_var", "bias": "bias"}  # fmt: skip
MODELS = {plain: (6, 5), branches: (4, 3), first: (4, 6)}


def made(build, width, seed):
    """The model with seeded weights, and variances of a hundredth."""
    keras.backend.clear_session()
    model = build(width)
    for layer in model.layers:
        arrays = []
        for variable in layer.weights:
            role = ROLES.get(variable.name, "weight")
            fan_in = int(np.prod(variable.shape[:-1])) if role == "weight" else 9
            if "depthwise" in variable.name:
                fan_in = int(np.prod(variable.shape[:2]))
            values = recipe.values(f"{layer.name}/{variable.name}", seed, tuple(variable.shape),
                                   *recipe.scale(role, fan_in))  # fmt: skip
            factor = 0.02 if variable.name == "moving_variance" else 1
            arrays.append((values * np.float32(factor)).astype(np.float32))
        layer.set_weights(arrays)
    return model


def inputs(model, seed, batch=2):
    return recipe.make_input((batch, *model.inputs[0].shape[1:]), seed)


def answer(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))
