"""What Keras' own exporter of ONNX writes on PyTorch: channels-last layers one by one between
Transposes, biases and normalisations as arithmetic.

    python keras_export.py

A narrow LeNet-5 with an open batch (TorchScript's exporter) and a batch of two (dynamo's), and a
narrow VGG-11 with batch normalisation. Beside them: the convolutions' and dense layers' weights in
PyTorch's names and axis orders (.npz), and Keras' answers to the recorded inputs.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

import checkpoints  # noqa: E402
import export  # noqa: E402
import recipe  # noqa: E402

FOLDER = recipe.FIXTURES / "onnx/keras"


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


def vgg11_bn():
    found, index = [], 0
    for width in [3, 0, 4, 0, 5, 6, 0, 7, 5, 0, 6, 5, 0]:
        if width == 0:
            found.append((None, layers.MaxPooling2D(2)))
            index += 1
            continue
        found += [
            (f"features.{index}", layers.Conv2D(width, 3, padding="same")),
            (f"features.{index + 1}", layers.BatchNormalization()),
            (None, layers.ReLU()),
        ]
        index += 3
    return (224, 224, 3), found + [
        (None, layers.Flatten()),
        ("classifier.0", layers.Dense(9, activation="relu")),
        ("classifier.3", layers.Dense(8, activation="relu")),
        ("classifier.6", layers.Dense(7)),
    ]


def fill(model, names):
    """Seeded weights, all different."""
    for layer, name in zip(model.layers, names):
        if name is None:
            continue
        arrays = []
        for weight in layer.weights:
            roles = {"gamma": "bn_weight", "beta": "bn_bias", "moving_mean": "running_mean",
                     "moving_variance": "running_var", "bias": "bias"}  # fmt: skip
            fan_in = int(np.prod(layer.weights[0].shape[:-1])) or 1
            scale = recipe.scale(roles.get(weight.name, "weight"), fan_in)
            arrays.append(recipe.values(f"{name}/{weight.name}", 12, tuple(weight.shape), *scale))
        layer.set_weights(arrays)


def weights(model, names):
    """Kernels as OIHW, and dense rows behind Flatten in channel order."""
    found, picture = {}, None
    for layer, name in zip(model.layers, names):
        if isinstance(layer, layers.Flatten):
            picture = layer.input.shape[1:]
        if name is None or isinstance(layer, layers.BatchNormalization):
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


def write(name, made, inputs, batches):
    shape, parts = made
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input(shape, name="image"), *[layer for _, layer in parts]])
    names = [name for name, _ in parts]
    fill(model, names)
    answer = keras.ops.convert_to_numpy(model(inputs, training=False))
    checkpoints.save_npz(FOLDER / f"{name}.npz", weights(model, names))
    np.save(FOLDER / f"{name}_output_0.npy", answer)
    for ending, batch in batches.items():
        path = FOLDER / f"{name}{ending}.onnx"
        signature = [keras.InputSpec(shape=(batch, *shape), dtype="float32", name="image")]
        model.export(path, format="onnx", verbose=False, input_signature=signature)
        export.tidy(path)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    digits = np.load(recipe.FIXTURES / "models/lenet5/golden_keras/input_0.npy")[:2]
    write("lenet5", lenet5(), digits, {"": None, "_batch": 2})
    picture = recipe.make_input((1, 3, 224, 224), 1).transpose(0, 2, 3, 1)
    write("vgg11_bn", vgg11_bn(), np.ascontiguousarray(picture), {"": None})


if __name__ == "__main__":
    main()
