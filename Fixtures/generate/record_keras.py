"""Records a whole Keras model: inputs, outputs, and the output of every layer.

usage: record_keras.py MODEL FOLDER [--input X.npy …] [--seed N] [--batch N]

MODEL is a `.keras` or `.h5` file of one input. Activations are named as layers are, and laid out as
the model's own data_format says.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402

import recording  # noqa: E402


def watched(model):
    """A model that also answers with every layer's output, and the layers' names."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    # A layer that is called more than once has no output of its own.
    layers = [layer for layer in layers if len(layer._inbound_nodes) == 1]
    outputs = [layer.output for layer in layers]
    single = [(l.name, o) for l, o in zip(layers, outputs) if not isinstance(o, (list, tuple))]
    return keras.Model(model.inputs, [model.outputs, [o for _, o in single]]), [n for n, _ in single]


def main():
    parser = recording.parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("folder")
    options = parser.parse_args()
    model = keras.models.load_model(options.model, compile=False)
    if len(model.inputs) != 1:
        raise SystemExit(f"{options.model}: expected one input, found {len(model.inputs)}")
    watching, names = watched(model)
    sets = []
    for array in recording.inputs(options, tuple(side or 1 for side in model.inputs[0].shape)):
        outputs, activations = watching(array, training=False)
        sets.append((
            {model.inputs[0].name: array},
            {o.name: keras.ops.convert_to_numpy(v) for o, v in zip(model.outputs, outputs)},
            {n: np.asarray(keras.ops.convert_to_numpy(v)) for n, v in zip(names, activations)},
        ))
    recorder = f"Keras {keras.__version__} on {keras.backend.backend()}, float32"
    recording.save(options.folder, sets, recorder)


if __name__ == "__main__":
    main()
