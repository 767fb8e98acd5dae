"""Small whole Keras models of either generation that hold more than layers in a row: one whose
layers are called several times, and one that was trained for a step, with its optimizer's weights.

usage: keras_trained.py keras3|tf_keras

For tf_keras run it in .venv-tensorflow, which setup.sh --tensorflow makes. Writes the folders
Fixtures/keras/shared/WHICH and trained/WHICH: NAME.keras, NAME.h5, NAME.weights.h5, input_0.npy,
output_0.npy.
"""
import os
import pathlib
import sys

which = sys.argv[1]
if which == "keras3":
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
else:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tf_keras as keras
import numpy as np  # noqa: E402

from keras_files import distinct, save  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent / "keras"
layers = keras.layers


def shared():
    """A convolution, a normalisation and a dense layer, each called twice."""
    image = keras.Input((6, 5, 4), name="image")
    conv = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")
    norm = layers.BatchNormalization(name="norm")
    dense = layers.Dense(3, name="dense")
    one = norm(conv(image))
    two = norm(conv(one))
    flatten = layers.Flatten(name="flatten")
    both = layers.Concatenate(name="both")([dense(flatten(one)), dense(flatten(two))])
    return keras.Model(image, both, name="shared")


def trained():
    model = keras.Sequential(
        [
            layers.Input((6, 5, 2)),
            layers.Conv2D(3, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flatten"),
            layers.Dense(4, activation="softmax", name="fc"),
        ],
        name="trained",
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    random = np.random.default_rng(5)
    for name, model, seed in [("shared", shared(), 8), ("trained", trained(), 9)]:
        distinct(model, seed)
        array = random.uniform(-1, 1, (2, *model.inputs[0].shape[1:])).astype("float32")
        if name == "trained":
            model.train_on_batch(array, np.eye(4, dtype="float32")[:2])
        folder = ROOT / name / which
        folder.mkdir(parents=True, exist_ok=True)
        answer = model(array, training=False)
        answer = keras.ops.convert_to_numpy(answer) if which == "keras3" else answer.numpy()
        np.save(folder / "input_0.npy", array)
        np.save(folder / "output_0.npy", answer)
        save(model, folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
        if name == "trained":
            model.save_weights(folder / f"{name}.weights.h5")


if __name__ == "__main__":
    main()
