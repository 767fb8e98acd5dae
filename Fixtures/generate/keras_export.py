"""What Keras' own exporter of ONNX writes on PyTorch: channels-last layers one by one between
Transposes, biases and normalisations as arithmetic.

    python keras_export.py

A narrow LeNet-5 with an open batch (TorchScript's exporter) and a batch of two (dynamo's), and a
narrow VGG-11 with batch normalisation. Beside them: the weights in PyTorch's names and axis orders
(.npz), and Keras' answers to the recorded inputs. The LeNet-5 once more with its weights in another
file, as the onnx package puts them there.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402

import checkpoints  # noqa: E402
import export  # noqa: E402
import keras_narrow  # noqa: E402
import recipe  # noqa: E402

FOLDER = recipe.FIXTURES / "onnx/keras"


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


def write(name, made, inputs, batches):
    shape, parts = made
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input(shape, name="image"), *[layer for _, layer in parts]])
    names = [name for name, _ in parts]
    fill(model, names)
    answer = keras.ops.convert_to_numpy(model(inputs, training=False))
    checkpoints.save_npz(FOLDER / f"{name}.npz", keras_narrow.weights(model, names))
    np.save(FOLDER / f"{name}_output_0.npy", answer)
    for ending, batch in batches.items():
        path = FOLDER / f"{name}{ending}.onnx"
        signature = [keras.InputSpec(shape=(batch, *shape), dtype="float32", name="image")]
        model.export(path, format="onnx", verbose=False, input_signature=signature)
        export.tidy(path)


def put_weights_beside(name, location):
    path = FOLDER / f"{name}_external.onnx"
    (FOLDER / location).unlink(missing_ok=True)
    onnx.save(onnx.load(FOLDER / f"{name}.onnx"), path, save_as_external_data=True,
              location=location, size_threshold=0)  # fmt: skip


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    digits = np.load(recipe.FIXTURES / "models/lenet5/golden_keras/input_0.npy")[:2]
    write("lenet5", keras_narrow.lenet5(), digits, {"": None, "_batch": 2})
    put_weights_beside("lenet5", "lenet5_weights.bin")
    picture = recipe.make_input((1, 3, 224, 224), 1).transpose(0, 2, 3, 1)
    vgg11 = keras_narrow.vgg11(normalized=True)
    write("vgg11_bn", vgg11, np.ascontiguousarray(picture), {"": None})


if __name__ == "__main__":
    main()
