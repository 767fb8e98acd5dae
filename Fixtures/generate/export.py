"""Writes one network in every format of the fixtures, with goldens beside it."""

import logging
import warnings

import h5py
import numpy as np
import onnx
import torch

import networks  # chooses Keras' backend, so it comes first
import recipe
from keras.src.legacy.saving import legacy_h5_format

MODELS = recipe.FIXTURES / "models"


def tidy(path):
    """Drops what the exporters note about the machine that they ran on."""
    model = onnx.load(path)
    model.doc_string = ""
    for item in [model.graph, *model.graph.node]:
        item.doc_string = ""
        kept = [p for p in item.metadata_props if "stack_trace" not in p.key]
        del item.metadata_props[:]
        item.metadata_props.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def save_torchscript(model, example, path, unfolded=False):
    keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    torch.onnx.export(
        model,
        (example,),
        path,
        dynamo=False,
        opset_version=17,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        **(keep if unfolded else {}),
    )
    tidy(path)


def save_dynamo(model, example, path):
    torch.onnx.export(
        model,
        (example,),
        path,
        dynamo=True,
        external_data=False,
        verbose=False,
        input_names=["input"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
    )
    tidy(path)


def save_state(model, path, nested=False):
    """A plain dump of the state_dict: `conv1.weight`, or conv1/weight in groups."""
    with h5py.File(path, "w") as file:
        for name, tensor in model.state_dict().items():
            file[name.replace(".", "/") if nested else name] = tensor.numpy()


def save_keras(twin, path):
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, twin)


def save_goldens(folder, model, twin, x):
    golden, golden_keras = folder / "golden", folder / "golden_keras"
    golden.mkdir(exist_ok=True)
    golden_keras.mkdir(exist_ok=True)
    with torch.no_grad():
        single = model(torch.from_numpy(x)).numpy()
        double = model.double()(torch.from_numpy(x).double()).numpy()
        model.float()
    recipe.save_input(golden / "input_0.npy", x)
    np.save(golden / "output_0.npy", single)
    np.save(golden / "output_0.float64.npy", double)
    x_last = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    theirs = np.asarray(twin.predict(x_last, verbose=0))
    if not recipe.is_shared(x):
        np.save(golden_keras / "input_0.npy", x_last)
    np.save(golden_keras / "output_0.npy", theirs)

    # The two must agree before anything is written about either.
    wanted = double
    if twin.layers[-1].activation.__name__ == "softmax":
        wanted = np.exp(double - double.max(1, keepdims=True))
        wanted /= wanted.sum(1, keepdims=True)
    error = np.abs(single - double).max() / np.abs(double).max()
    error_keras = np.abs(theirs - wanted).max() / np.abs(wanted).max()
    assert error < 1e-5 and error_keras < 1e-5, (error, error_keras)
    print(f"{folder.name}: float32 error {error:.1e}, Keras' {error_keras:.1e}")


def save_all(name, model, x, nested=False, dynamo=True, example_batch=2):
    """Everything for the network `name`; x is the golden input, NCHW."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    folder = MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
    twin = networks.make_keras(name)
    networks.set_keras_weights(twin, networks.keras_weights(model, twin))
    example = torch.from_numpy(np.resize(x, (example_batch, *x.shape[1:])))
    normed = any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules())
    save_torchscript(model, example, folder / f"{name}.onnx", unfolded=normed)
    if normed:
        save_torchscript(model, example, folder / f"{name}.folded.onnx")
    if dynamo:
        save_dynamo(model, example, folder / f"{name}.dynamo.onnx")
    save_state(model, folder / f"{name}.state.h5")
    if nested:
        save_state(model, folder / f"{name}.nested.h5", nested=True)
    save_keras(twin, folder / f"{name}.keras.h5")
    save_goldens(folder, model, twin, x)
