"""Proves, outside Ferry, that the files Ferry writes are what they claim to be.

    python prove_exchange.py --ferry PATH_TO_BINARY

Every network in Fixtures/models is sent along these roads, and every file that
Ferry writes on the way is opened by the library that it is meant for:

    ONNX -> hdf5 -> ONNX
    hdf5 (flat and nested) -> ONNX
    ONNX -> keras-weights-h5
    keras-weights-h5 -> ONNX -> keras-weights-h5
    ONNX -> pth, safetensors, npz -> ONNX

ONNX files are checked by onnx.checker and run by ONNX Runtime, hdf5 dumps are
loaded by PyTorch (strict), as are .pth (weights_only), .safetensors (by its own
library) and .npz (by NumPy); Keras files by Keras. Outputs must be within
1e-4 |ref| + 1e-5 max|ref| of the goldens, weights the same bit for bit.
Exits with 1 if anything fails.
"""

import argparse
import collections
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
import torch
from onnx import numpy_helper

import export
import networks
from networks import legacy_h5_format

# Two networks with the same tensors: only the user knows which one it is.
ARCHITECTURE = {"lenet5": ["--arch", "lenet5"], "lenet5_tanh": ["--arch", "lenet5_tanh"]}
# Keras' weights files keep no epsilon; the twin was built with PyTorch's, not with Keras' default.
EPSILON = {"vgg16_bn_narrow": ["--bn-epsilon", "1e-5"]}
Row = collections.namedtuple("Row", "model road check result detail")


class Failure(Exception):
    """A check that did not hold; the text says what was found."""


# ---------------------------------------------------------------- reading files


def dump_of(path):
    """name -> array of a state-dict dump, flat or in groups."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name.replace("/", ".")] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def keras_of(path):
    """layer -> {leaf name: array} of a legacy weights file, weightless layers left out."""

    def text(value):
        return value.decode() if isinstance(value, bytes) else str(value)

    found = {}
    with h5py.File(path) as file:
        for layer in map(text, file.attrs["layer_names"]):
            names = list(map(text, file[layer].attrs["weight_names"]))
            if names:
                leaves = {n.split("/")[-1].split(":")[0]: file[layer][n][()] for n in names}
                found[layer] = leaves
    return found


def initializers_of(path):
    """The float tensors that an ONNX file stores, Constant nodes included."""
    graph = onnx.load(path).graph
    stored = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                stored[node.output[0]] = numpy_helper.to_array(attribute.t)
    return {name: a for name, a in stored.items() if a.dtype.kind == "f" and a.ndim > 0}


# ---------------------------------------------------------------------- checks


def compare(out, ref):
    out, ref = np.asarray(out, np.float64), np.asarray(ref, np.float64)
    if out.shape != ref.shape:
        raise Failure(f"shape {out.shape}, expected {ref.shape}")
    if not np.isfinite(out).all():
        raise Failure("an output is not finite")
    error = np.abs(out - ref)
    limit = 1e-4 * np.abs(ref) + 1e-5 * np.abs(ref).max()
    share = (error / limit).max()
    detail = f"max error {error.max():.1e} = {share:.1%} of the limit"
    if share > 1:
        raise Failure(detail)
    return detail


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def same_named(found, wanted):
    """Both are name -> array; every name and every bit must agree."""
    missing, extra = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    if missing or extra:
        raise Failure(f"missing {sorted(missing)[:3]}, not expected {sorted(extra)[:3]}")
    wrong = [n for n in wanted if not same_bits(found[n], np.asarray(wanted[n]))]
    if wrong:
        raise Failure(f"{len(wrong)} of {len(wanted)} differ, first {wrong[0]}")
    return f"{len(wanted)} tensors, bit for bit"


def same_unnamed(found, wanted, moved=False):
    """Names may differ: each wanted tensor must be there, as it is or transposed.

    moved: a tensor counts too if it holds the same numbers in another order (the
    rows of the first dense layer after a change of layout).
    """

    def forms(array):
        yield array.shape, array.tobytes()
        if array.ndim == 2:
            yield array.T.shape, np.ascontiguousarray(array.T).tobytes()
        if moved:
            yield "any order", np.sort(array.reshape(-1).view(np.uint32)).tobytes()

    left = collections.Counter(form for array in found.values() for form in set(forms(array)))
    wrong = [n for n, array in wanted.items() if not any(left[form] for form in forms(array))]
    if wrong:
        raise Failure(f"{len(wrong)} of {len(wanted)} not found, first {wrong[0]}")
    return f"{len(wanted)} tensors, bit for bit"


def run_onnx(path, x):
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    if list(entry.shape[1:]) != list(x.shape[1:]):
        raise Failure(f"input {entry.shape}, expected [N, {', '.join(map(str, x.shape[1:]))}]")
    return session.run(None, {entry.name: x})[0]


def state_of(path):
    """name -> array of a file of weights, read by the library that it is meant for."""
    if path.suffix == ".pth":
        state = torch.load(path, weights_only=True)
        mapped = torch.load(path, weights_only=True, mmap=True)
        if any(not torch.equal(mapped[k], v) for k, v in state.items()):
            raise Failure("torch.load with mmap=True gives other values")
        return {k: v.numpy() for k, v in state.items()}
    if path.suffix == ".safetensors":
        return safetensors.numpy.load_file(path)
    if path.suffix == ".npz":
        with np.load(path) as file:
            return dict(file)
    return dump_of(path)


def run_dump(path, name, x):
    model = networks.make_torch(name)
    try:
        model.load_state_dict({k: torch.from_numpy(np.asarray(v)) for k, v in state_of(path).items()}, strict=True)
    except RuntimeError as error:
        raise Failure(" ".join(str(error).split())) from None
    with torch.no_grad():
        return model.eval()(torch.from_numpy(x)).numpy()


def run_keras(path, name, x):
    twin = networks.make_keras(name)
    with h5py.File(path) as file:
        try:
            legacy_h5_format.load_weights_from_hdf5_group(file, twin)
        except ValueError as error:
            raise Failure(" ".join(str(error).split())) from None
    return np.asarray(twin.predict(x, verbose=0))


# ----------------------------------------------------------------------- roads


class Proof:
    def __init__(self, ferry, scratch, only):
        self.ferry, self.scratch, self.rows, self.only = ferry, scratch, [], only

    def check(self, model, road, what, action):
        try:
            result, detail = "ok", action() or ""
        except Failure as failure:
            result, detail = "FAILED", str(failure)
        except Exception as error:  # the library refused the file
            result, detail = "FAILED", f"{type(error).__name__}: {' '.join(str(error).split())}"
        self.rows.append(Row(model, road, what, result, detail))
        return result == "ok"

    def convert(self, model, road, source, target, form, extra=()):
        command = [self.ferry, "convert", source, target, "--to", form, *extra, "--force"]

        def action():
            target.unlink(missing_ok=True)
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode != 0:
                said = (done.stderr or done.stdout).strip().splitlines()
                raise Failure(f"exit {done.returncode}: {' / '.join(said[-3:])}")
            if not target.exists():
                raise Failure("exit 0, but no file was written")
            return f"{target.stat().st_size} bytes"

        return self.check(model, road, "ferry convert", action)

    def network(self, name):
        folder = export.MODELS / name
        x, ref = (np.load(folder / "golden" / f) for f in ("input_0.npy", "output_0.float64.npy"))
        x_keras, ref_keras = (
            np.load(folder / "golden_keras" / f) for f in ("input_0.npy", "output_0.npy")
        )
        x_first = np.ascontiguousarray(x_keras.transpose(0, 3, 1, 2))
        state = dump_of(folder / f"{name}.state.h5")
        floats = {k: v for k, v in state.items() if v.dtype.kind == "f"}
        keras_file = folder / f"{name}.keras.h5"
        keras_state = keras_of(keras_file)
        flat_keras = {f"{k}/{n}": a for k, v in keras_state.items() for n, a in v.items()}
        arch = ARCHITECTURE.get(name, [])
        scratch = self.scratch / name
        scratch.mkdir(exist_ok=True)

        def onnx_checks(road, path, wanted, x, ref, moved=False):
            self.check(name, road, "ONNX Runtime", lambda: compare(run_onnx(path, x), ref))
            self.check(name, road, "ONNX weights", lambda: same_unnamed(initializers_of(path), wanted, moved))

        def keras_checks(road, path):
            self.check(name, road, "Keras", lambda: compare(run_keras(path, name, x_keras), ref_keras))
            self.check(
                name, road, "Keras weights",
                lambda: same_named(
                    {f"{k}/{n}": a for k, v in keras_of(path).items() for n, a in v.items()}, flat_keras
                ),
            )  # fmt: skip

        for source in sorted(folder.glob("*.onnx")):
            stem = source.name.removesuffix(".onnx")
            original = initializers_of(source)
            # Exporters that fused the normalisations away give another network.
            fused = len(original) < len(floats)
            one, two = scratch / f"{stem}.dump.h5", scratch / f"{stem}.back.onnx"
            road = f"{source.name} -> hdf5"
            if self.convert(name, road, source, one, "hdf5"):
                if fused:
                    self.check(name, road, "hdf5 weights", lambda: same_unnamed(dump_of(one), original))
                else:
                    self.check(name, road, "PyTorch", lambda: compare(run_dump(one, name, x), ref))
                    self.check(
                        name, road, "hdf5 weights",
                        lambda: same_named(
                            {k: v for k, v in dump_of(one).items() if v.dtype.kind == "f"}, floats
                        ),
                    )  # fmt: skip
                road += " -> onnx"
                if self.convert(name, road, one, two, "onnx"):
                    onnx_checks(road, two, original, x, ref)
            if not fused:
                road, target = f"{source.name} -> keras-weights-h5", scratch / f"{stem}.weights.h5"
                if self.convert(name, road, source, target, "keras-weights-h5"):
                    keras_checks(road, target)

            for form in () if fused else ("pth", "safetensors", "npz"):
                road, target = f"{source.name} -> {form}", scratch / f"{stem}.{form}"
                if not self.convert(name, road, source, target, form):
                    continue
                self.check(name, road, "PyTorch, strict", lambda: compare(run_dump(target, name, x), ref))
                self.check(
                    name, road, f"{form} weights",
                    lambda: same_named({k: v for k, v in state_of(target).items() if v.dtype.kind == "f"}, floats),
                )  # fmt: skip
                road, back = f"{road} -> onnx", scratch / f"{stem}.{form}.onnx"
                if self.convert(name, road, target, back, "onnx"):
                    onnx_checks(road, back, original, x, ref)

        for source in (folder / f"{name}.state.h5", folder / f"{name}.nested.h5"):
            if source.exists():
                road, target = f"{source.name} -> onnx", scratch / f"{source.stem}.onnx"
                if self.convert(name, road, source, target, "onnx", arch):
                    onnx_checks(road, target, floats, x, ref)

        road, target = f"{keras_file.name} -> onnx", scratch / f"{name}.keras.onnx"
        if self.convert(name, road, keras_file, target, "onnx", arch + EPSILON.get(name, [])):
            onnx_checks(road, target, floats, x_first, ref_keras, moved=True)
            road, back = f"{road} -> keras-weights-h5", scratch / f"{name}.back.h5"
            if self.convert(name, road, target, back, "keras-weights-h5"):
                keras_checks(road, back)

    def run(self):
        for name in networks.LENETS + networks.NARROW:
            if not self.only or name in self.only:
                self.network(name)
        return self.rows


def print_table(rows):
    titles = Row("model", "road", "check", "result", "detail")
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(4)]
    for row in [titles, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  ".join([*cells, row.detail[:300]]).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ferry", required=True, help="the ferry binary")
    parser.add_argument("--keep", help="a folder for the files that Ferry writes")
    parser.add_argument("--only", nargs="*", help="only these networks")
    options = parser.parse_args()
    ferry = os.path.abspath(options.ferry)
    if not os.access(ferry, os.X_OK):
        parser.error(f"cannot run {options.ferry}")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(options.keep or temporary).absolute()
        scratch.mkdir(parents=True, exist_ok=True)
        rows = Proof(ferry, scratch, options.only).run()
    print_table(rows)
    failed = sum(row.result != "ok" for row in rows)
    print(f"\n{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
