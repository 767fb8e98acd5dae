"""Sends models through Ferry into .keras and .h5, and opens those in Keras 3 or in tf_keras.

usage: prove_keras.py FERRY keras3|tf_keras

For tf_keras run it in .venv-tensorflow, which setup.sh --tensorflow makes.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

ferry, which = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
if which == "keras3":
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
else:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tf_keras as keras
import numpy as np  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent.parent
MODELS = [
    (FIXTURES / "keras" / name / f"{name}.keras", FIXTURES / "keras" / name)
    for name in ["sequential", "functional", "nested", "channels_first", "lrn", "transfer", "functions"]
] + [
    (FIXTURES / "keras" / name / made / f"{name}.keras", FIXTURES / "keras" / name / made)
    for name in ["shared", "trained"] for made in ["keras3", "tf_keras"]
] + [
    (FIXTURES / "models" / name / f"{name}.onnx", FIXTURES / "models" / name / "golden")
    for name in ["lenet5", "lenet5_tanh", "alexnet_narrow", "vgg11_narrow", "vgg16_narrow",
                 "vgg16_bn_narrow"]
]


def branches(folder):
    """A network of branches that differ in length and not in shape: only their order in Keras' list
    of layers tells whose weights are whose. One of them joins a single part, as exporters write it."""
    import onnx
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    random, weights, nodes = np.random.default_rng(7), [], []

    def conv(name, source):
        kernel = random.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(kernel, f"{name}_w"))
        nodes.append(helper.make_node(
            "Conv", [source, f"{name}_w"], [name], name=name, kernel_shape=[3, 3], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [name], [f"{name}_r"], name=f"{name}_r"))
        return f"{name}_r"

    stem = conv("stem", "x")
    parts = []
    for branch, length in enumerate([1, 3, 2, 3]):
        value = stem
        for layer in range(length):
            value = conv(f"b{branch}_{layer}", value)
        parts.append(value)
    nodes.append(helper.make_node("Concat", [parts[0]], ["one"], name="one", axis=1))
    nodes.append(helper.make_node("Concat", ["one", *parts[1:]], ["y"], name="join", axis=1))
    graph = helper.make_graph(
        nodes, "branches",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 4, 7, 9])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 16, 7, 9])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir()
    onnx.save(model, folder / "branches.onnx")
    array = random.normal(size=(2, 4, 7, 9)).astype(np.float32)
    expected = ReferenceEvaluator(model).run(None, {"x": array})[0]
    np.save(folder / "input_0.npy", array)
    np.save(folder / "output_0.npy", expected)
    return folder / "branches.onnx", folder


def answer(path, array):
    model = keras.models.load_model(path, compile=False)
    if tuple(array.shape[1:]) != tuple(model.inputs[0].shape[1:]):
        array = array.transpose(0, 2, 3, 1)
    output = model(array, training=False)
    return output.numpy() if which == "tf_keras" else keras.ops.convert_to_numpy(output)


def main():
    failures = 0
    made = tempfile.TemporaryDirectory()
    for source, golden in [*MODELS, branches(pathlib.Path(made.name) / "branches")]:
        array, expected = np.load(golden / "input_0.npy"), np.load(golden / "output_0.npy")
        for ending, to in [(".keras", "keras"), (".h5", "keras-h5")]:
            # LRN is for Keras 3 alone, and .h5 must open in both.
            if source.stem == "lrn" and (to == "keras-h5" or which == "tf_keras"):
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / f"model{ending}"
                subprocess.run(
                    [ferry, "convert", source, path, "--to", to], check=True,
                    capture_output=True)
                found = answer(path, array)
            if found.shape != expected.shape:
                found = found.transpose(0, 3, 1, 2)
            limit = 1e-4 * np.abs(expected) + 1e-5 * np.abs(expected).max()
            fits = bool((np.abs(found - expected) <= limit).all())
            failures += not fits
            print(f"{source.name} as {to} in {which}: {'fits' if fits else 'DIFFERENT'}, "
                  f"largest difference {np.abs(found - expected).max():.2e}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
