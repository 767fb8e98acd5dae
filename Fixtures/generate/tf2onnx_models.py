"""NHWC graphs as tf2onnx writes them: a narrow LeNet-5 and a narrow VGG-11.

    python tf2onnx_models.py

Needs what requirements.txt does not hold, as tf2onnx wants an older onnx: tensorflow_cpu 2.21.0,
tf2onnx 1.17.0, onnx 1.20.1. Each network is written with its own NHWC input, Transposes at the
edges, and again with `inputs_as_nchw`. Beside them: the weights in PyTorch's names and axis orders
(.npz), made from TensorFlow's here, and TensorFlow's own outputs on the recorded inputs.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

import keras_narrow  # noqa: E402
import recipe  # noqa: E402

FOLDER = recipe.FIXTURES / "onnx/tf2onnx"


def seeded(name, shape):
    """Distinct values that keep activations about as large as the input."""
    fan = int(np.prod(shape[:-1])) or 1
    scale = np.float32(min(1, (6 / fan) ** 0.5) if len(shape) > 1 else 0.1)
    return (recipe.values(name, 11, tuple(shape), 2**24, 0).astype(np.float32) * scale).astype(np.float32)


def write(name, made, inputs):
    shape, parts = made
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input(shape, name="image"), *[layer for _, layer in parts]])
    names = [name for name, _ in parts]
    for layer, label in zip(model.layers, names):
        if label:
            layer.set_weights([seeded(f"{name}/{label}/{w.name}", w.shape) for w in layer.weights])
    np.savez(FOLDER / f"{name}.npz", **keras_narrow.weights(model, names))
    np.save(FOLDER / f"{name}_output_0.npy", model(inputs, training=False).numpy())
    function = tf.function(lambda image: model(image, training=False))
    signature = [tf.TensorSpec((None, *shape), tf.float32, name="image")]
    for ending, options in (("", {}), ("_nchw", {"inputs_as_nchw": ["image"]})):
        tf2onnx.convert.from_function(
            function, input_signature=signature, opset=13,
            output_path=str(FOLDER / f"{name}{ending}.onnx"), **options)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    digits = np.load(recipe.FIXTURES / "models/lenet5/golden_keras/input_0.npy")[:2]
    np.save(FOLDER / "lenet5_input_0.npy", digits)
    write("lenet5", keras_narrow.lenet5(), digits)
    picture = recipe.make_input((1, 3, 224, 224), 3).transpose(0, 2, 3, 1)
    write("vgg11", keras_narrow.vgg11(), picture)


if __name__ == "__main__":
    main()
