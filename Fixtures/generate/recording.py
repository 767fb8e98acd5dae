"""Recordings: what a network was given and what it answered, as `ferry verify` reads them.

    FOLDER/test_data_set_0/input_0.pb …       ONNX's test data: TensorProto files, numbered
    FOLDER/test_data_set_0/output_0.pb …
    FOLDER/test_data_set_0/activations.safetensors   by module, layer or value name

One folder `test_data_set_N` for each `--input`, or one of seeded noise.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

import recipe


def parser(description):
    """The options that all recorders share."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument(
        "--input", action="append", default=[], metavar="X.npy",
        help="the network's input, in its own layout; repeats, a set for each")
    result.add_argument("--seed", type=int, default=1, help="of the noise where no input is given")
    result.add_argument("--batch", type=int, default=1, help="pictures of noise")
    return result


def inputs(options, shape):
    """One array a set; noise of `shape`, its first size replaced by the batch, where none is given."""
    if options.input:
        return [np.load(path) for path in options.input]
    return [recipe.make_input((options.batch, *shape[1:]), options.seed)]


def save(folder, sets, recorder):
    """Writes `sets`, (inputs, outputs, activations) each: named arrays as dictionaries.

    `recorder` says who recorded and how. The folder appears whole.
    """
    folder = Path(folder)
    if folder.exists():
        raise SystemExit(f"{folder}: exists already")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for place, (given, answered, activations) in enumerate(sets):
        home = part / f"test_data_set_{place}"
        home.mkdir(parents=True)
        for kind, arrays in (("input", given), ("output", answered)):
            for number, (name, array) in enumerate(arrays.items()):
                proto = numpy_helper.from_array(np.ascontiguousarray(array), name)
                onnx.save_tensor(proto, home / f"{kind}_{number}.pb")
        save_file(
            {name: np.ascontiguousarray(array) for name, array in activations.items()},
            home / "activations.safetensors", metadata={"ferry.recording": recorder})
    part.rename(folder)
    counts = [len(activations) for _, _, activations in sets]
    noun = "set" if len(sets) == 1 else "sets"
    print(f"{folder}: {len(sets)} {noun}, {counts[0]} activations each, {recorder}")
