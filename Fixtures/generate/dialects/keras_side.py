"""What is asked of Keras 3 and of tf_keras alike: save a network, or open a file and answer.

Imported by the main program for Keras 3, and run as a program for tf_keras, which needs an
environment of its own: then it reads one JSON object a line and answers with one.
"""

import json
import os
import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import keras_networks  # noqa: E402


class KerasSide:
    def __init__(self, keras):
        self.keras = keras

    def version(self):
        return self.keras.__version__

    def build(self, network, softmax, epsilon):
        return keras_networks.make(self.keras, network, softmax, epsilon)

    def save(self, network, softmax, epsilon, arrays, form, path, x, y):
        """Writes the network with `arrays` (an npz, layer by layer) and its answer to `x`."""
        self.keras.backend.clear_session()
        model = self.build(network, softmax, epsilon)
        with np.load(arrays) as file:
            left = iter([file[key] for key in file.files])
        for layer in model.layers:
            if not layer.weights:
                continue
            if layer.name.endswith("_sum"):
                layer.set_weights(keras_networks.band(layer.get_weights()[1].size))
            else:
                layer.set_weights([next(left) for _ in layer.weights])
        np.save(y, self.answer(model, np.load(x)))
        if form == "model":
            model.save(path)
        elif form == "onnx" and self.keras.__name__ == "tf_keras":
            to_onnx(model, path)
        elif form == "onnx":
            model.export(path, format="onnx", verbose=False)
        elif form == "weights" and path.endswith(".weights.h5"):
            model.save_weights(path)
        elif form == "weights" and path.endswith(".weights.json"):
            sizes = [array.nbytes for array in model.get_weights()]
            model.save_weights(path, max_shard_size=max(*sizes, sum(sizes) / 2) / 2**30)
        elif self.keras.__name__ == "tf_keras":
            model.save_weights(path, save_format="h5")
        else:
            from keras.src.legacy.saving import legacy_h5_format

            with h5py.File(path, "w") as file:
                legacy_h5_format.save_weights_to_hdf5_group(file, model)

    def open(self, network, softmax, epsilon, form, path, x, y, weights):
        """Opens a file; writes its answer to `x`, and its weights in order as an npz."""
        self.keras.backend.clear_session()
        if form == "model":
            model = self.keras.models.load_model(path, compile=False)
        else:
            model = self.build(network, softmax, epsilon)
            model.load_weights(path)
        np.save(y, self.answer(self.in_float32(model), np.load(x)))
        found = {}
        for layer in model.layers:
            values = layer.get_weights()
            if is_band(values):
                continue
            for variable, value in zip(layer.weights, values):
                leaf = variable.name.split("/")[-1].split(":")[0]
                found[f"{len(found):03} {leaf}"] = value
        np.savez(weights, **found)

    def in_float32(self, model):
        """The same network and weights in float32, where they are of 16 bits."""
        weights = model.get_weights()
        if all(array.dtype != np.float16 for array in weights):
            return model
        config = json.dumps(model.get_config()).replace('"float16"', '"float32"')
        wide = type(model).from_config(json.loads(config))
        wide.set_weights([array.astype(np.float32) for array in weights])
        return wide

    def answer(self, model, x):
        """The model's outputs for pictures that are NCHW."""
        if tuple(model.inputs[0].shape[1:]) != x.shape[1:]:
            x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        output = model(x, training=False)
        if self.keras.__name__ == "tf_keras":
            return output.numpy()
        return self.keras.ops.convert_to_numpy(output)


def to_onnx(model, path):
    """As tf2onnx writes a model of tf_keras, at its usual opset."""
    import tensorflow
    import tf2onnx

    signature = [tensorflow.TensorSpec(model.inputs[0].shape, tensorflow.float32, name="input")]
    tf2onnx.convert.from_keras(model, input_signature=signature, output_path=path)


def is_band(values):
    """Whether a layer is the convolution inside a local response normalisation."""
    if len(values) != 2 or values[0].shape[:2] != (1, 1):
        return False
    return all(np.array_equal(a, b) for a, b in zip(values, keras_networks.band(values[1].size)))


def serve(side):
    """One request a line: [method, arguments]. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        method, arguments = json.loads(line)
        try:
            answer = {"result": getattr(side, method)(**arguments)}
        except Exception as error:  # whatever the framework raises is the answer
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tf_keras

    serve(KerasSide(tf_keras))
