"""Small whole Keras models, as Keras 3 on PyTorch writes them, with its own outputs.

usage: keras_models.py [NAME…]

Folders of Fixtures/keras: NAME.keras, NAME.h5, NAME.weights.h5, input_0.npy, output_0.npy.
Old generations, which cannot be installed beside it, are written by keras_old.py.
"""
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

import keras_narrow  # noqa: E402
from keras_files import distinct, save  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent / "keras"


def sequential():
    return keras.Sequential(
        [
            keras.Input((12, 10, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(6, (3, 2), use_bias=False, name="conv2"),
            layers.BatchNormalization(name="bn2"),
            layers.Activation("relu", name="relu2"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(5, activation="softmax", name="predictions"),
        ],
        name="small",
    )


def functional():
    """Branches, every kind of pool, paddings whose halves differ, activations of all kinds."""
    image = keras.Input((13, 11, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(image)
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), name="pad")(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="conv1")(x)
    x = layers.BatchNormalization(scale=False, epsilon=1e-4, name="bn_noscale")(x)
    x = layers.ReLU(max_value=6, name="relu6")(x)
    left = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise")(x)
    left = layers.LeakyReLU(negative_slope=0.1, name="leaky")(left)
    # Stride 1, as Keras on PyTorch repeats the edge where the halves of the padding differ.
    left = layers.AveragePooling2D(3, strides=1, padding="same", name="average")(left)
    left = layers.MaxPooling2D(2, name="halves")(left)
    right = layers.Conv2D(16, 3, padding="same", dilation_rate=2, groups=2, name="grouped")(x)
    right = layers.BatchNormalization(center=False, name="bn_nocenter")(right)
    right = layers.Activation("tanh", name="tanh")(right)
    right = layers.MaxPooling2D(3, strides=2, padding="same", name="maximum")(right)
    x = layers.Add(name="sum")([left, right])
    y = layers.SeparableConv2D(6, 3, padding="same", activation="elu", name="separable")(x)
    x = layers.Concatenate(name="join")([x, y])
    pooled = layers.GlobalAveragePooling2D(name="mean")(x)
    most = layers.GlobalMaxPooling2D(name="most")(x)
    x = layers.Concatenate(name="features")([pooled, most])
    x = layers.Reshape((4, 11), name="reshape")(x)
    x = layers.Permute((2, 1), name="permute")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(7, activation="sigmoid", name="hidden")(x)
    return keras.Model(image, layers.Dense(4, name="logits")(x), name="branches")


def nested():
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="block_conv"),
            layers.BatchNormalization(name="block_bn"),
            layers.Conv2D(5, 3, activation="relu", name="block_conv2"),
        ],
        name="base",
    )
    base.trainable = False
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.05, 0.06], name="norm")(image)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(3, name="head")(x), name="transfer")


def transfer():
    """What tutorials build: augmentation, a frozen base inside, a head of its own."""
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="block1_conv1")(image)
    x = layers.MaxPooling2D(2, name="block1_pool")(x)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="block2_conv1")(x)
    base = keras.Model(image, layers.MaxPooling2D(2, name="block2_pool")(x), name="vgg")
    base.trainable = False
    given = keras.Input((16, 16, 3), name="picture")
    # Keras 3 keeps training=True, these layers' default, in the file.
    x = layers.RandomFlip("horizontal", name="flip")(given)
    x = layers.RandomRotation(0.1, name="rotate")(x)
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(x)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(given, layers.Dense(3, activation="softmax", name="head")(x), name="tuned")


def functions():
    """Activations beyond the common ones, a gate that is stretched, and a larger picture."""
    image = keras.Input((7, 6, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="conv1")(image)
    x = layers.PReLU(shared_axes=[1, 2], name="shared_slopes")(x)
    x = layers.Conv2D(4, 1, activation="gelu", name="conv2")(x)
    x = layers.PReLU(name="slopes")(x)
    x = layers.Conv2D(4, 1, activation="softsign", name="conv3")(x)
    x = layers.Activation("hard_sigmoid", name="hard")(x)
    x = layers.Conv2D(4, 1, activation="hard_silu", name="conv4")(x)
    gate = layers.GlobalAveragePooling2D(name="squeeze")(x)
    gate = layers.Dense(4, activation="sigmoid", name="excite")(gate)
    x = layers.Multiply(name="gate")([x, layers.Reshape((1, 1, 4), name="gates")(gate)])
    x = layers.UpSampling2D((2, 3), name="larger")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear", name="smooth")(x)
    x = layers.GlobalMaxPooling2D(name="most")(x)
    return keras.Model(image, layers.Dense(3, activation="log_softmax", name="head")(x), name="f")


def thresholds():
    """Rectifiers that begin elsewhere than at 0."""
    image = keras.Input((5, 4, 2), name="image")
    x = layers.ReLU(threshold=0.25, negative_slope=0.1, name="kinked")(image)
    x = layers.Conv2D(3, 2, name="conv1")(x)
    x = layers.ReLU(max_value=1, threshold=0.1, name="bounded")(x)
    return keras.Model(image, layers.Flatten(name="flatten")(x), name="thresholds")


def channels_first():
    return keras.Sequential(
        [
            keras.Input((3, 9, 8)),
            layers.Conv2D(4, 3, data_format="channels_first", activation="relu", name="conv1"),
            layers.MaxPooling2D(2, data_format="channels_first", name="pool1"),
            layers.BatchNormalization(axis=1, name="bn1"),
            layers.Flatten(data_format="channels_first", name="flatten"),
            layers.Dense(4, name="fc"),
        ],
        name="first",
    )


def lrn():
    """Local response normalisation as Ferry writes it: Multiply, a banded Conv2D, Power."""
    image = keras.Input((6, 6, 7), name="image")
    x = layers.Conv2D(9, 3, activation="relu", name="conv1")(image)
    size, alpha, beta, bias = 5, 2e-2, 0.75, 2.0
    square = layers.Multiply(name="norm_square")([x, x])
    total = layers.Conv2D(9, 1, name="norm_sum")(square)
    y = layers.Multiply(name="norm")([x, keras.ops.power(total, -beta)])
    model = keras.Model(image, layers.Flatten(name="flatten")(y), name="responses")
    distinct(model, 6)
    band = np.zeros((1, 1, 9, 9), "float32")
    for row in range(9):
        for column in range(9):
            if abs(row - column) <= size // 2:
                band[0, 0, row, column] = np.float32(alpha) / np.float32(size)
    model.get_layer("norm_sum").set_weights([band, np.full(9, bias, "float32")])
    return model


def main():
    models = [
        ("sequential", sequential(), 1), ("functional", functional(), 2),
        ("nested", nested(), 3), ("channels_first", channels_first(), 4), ("lrn", lrn(), None),
        ("transfer", transfer(), 5), ("functions", functions(), 8),
        ("thresholds", thresholds(), 9),
    ]
    chosen = sys.argv[1:]
    for name, model, seed in models:
        if chosen and name not in chosen:
            continue
        if seed is not None:
            distinct(model, seed)
        folder = ROOT / name
        folder.mkdir(parents=True, exist_ok=True)
        shape = (2,) + tuple(model.inputs[0].shape[1:])
        low, high = (0, 255) if name in ("functional", "transfer") else (-1, 1)
        array = np.random.default_rng(7).uniform(low, high, shape).astype("float32")
        answer = keras.ops.convert_to_numpy(model(array, training=False))
        np.save(folder / "input_0.npy", array)
        np.save(folder / "output_0.npy", answer)
        save(model, folder / f"{name}.keras")
        if name != "lrn":
            model.save(folder / f"{name}.h5")
        if name in ("sequential", "nested", "lrn"):
            model.save_weights(folder / f"{name}.weights.h5")
    if not chosen:
        sharded_and_narrow()
        known()


def known():
    """The weights of a network that Ferry knows, a narrow LeNet-5."""
    shape, parts = keras_narrow.lenet5()
    for name, layer in parts:
        layer.name = name or layer.name
    model = keras.Sequential([keras.Input(shape), *[layer for _, layer in parts]])
    distinct(model, 8)
    folder = ROOT / "lenet5"
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / "lenet5.weights.h5")


def sharded_and_narrow():
    """The sequential model's weights in two files of at most 2,500 bytes, and in bfloat16."""
    model = sequential()
    distinct(model, 1)
    folder = ROOT / "sharded"
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / "sequential.weights.json", max_shard_size=2500 / 2**30)
    keras.config.set_dtype_policy("bfloat16")
    narrow = sequential()
    keras.config.set_dtype_policy("float32")
    distinct(narrow, 1)
    folder = ROOT / "bfloat16"
    folder.mkdir(parents=True, exist_ok=True)
    narrow.save_weights(folder / "sequential.weights.h5")
    narrow.save(folder / "sequential.h5")


if __name__ == "__main__":
    main()
