"""Correct conversions, by exporters, by converters and by Ferry: none may be called different."""

import dataclasses
import warnings

import numpy as np
import onnx
import torch
from torch.fx.experimental import optimization

import networks
import recipe
from dialects import cases, sources
from dialects.sources import export as export_case
from mutate import keras_models, modules, nets
from mutate.rewriters import TO_ONNX
from mutate.subjects import export

SEEDS = (31, 32)
FORMATS = {"onnx": ".onnx", "keras": ".keras", "keras-h5": ".h5"}


@dataclasses.dataclass
class Pair:
    maker: str
    name: str
    exit: int
    diff: int
    told: str = ""


class Corrects:
    """Makes files in a folder and asks Ferry to compare each with its reference."""

    def __init__(self, ferry, folder):
        self.ferry, self.folder = ferry, folder
        self.pairs, self.impossible = [], []

    def compare(self, maker, name, value, reference, options=()):
        code, report = self.ferry.ask("verify", value, reference, *options)
        diff, _ = self.ferry.ask("diff", value, reference, *options)
        told = report.get("error", "")
        if code == 3 and "expected an operator Ferry knows" in told:
            self.impossible.append((maker, name, told))
            return
        rows = [row for part in ("weights", "outputs") for row in report.get(part, [])]
        bad = [row for row in rows if row["status"] in ("different", "missing")]
        told = told or "; ".join(f"{row['name']}: {row['explanation']}" for row in bad[:2])
        self.pairs.append(Pair(maker, name, code, diff, told if code else ""))

    def attempt(self, maker, name, make, reference, options=()):
        """`make` writes a file and gives its path; what a converter cannot do is left out."""
        try:
            value = make()
        except Exception as error:
            self.impossible.append((maker, name, " ".join(str(error).split())[:160]))
            return
        self.compare(maker, name, value, reference, options)

    def convert(self, name, source, form, options=()):
        """By Ferry itself, compared with where it came from."""
        target = self.folder / f"carried{FORMATS.get(form, '.' + form)}"

        def make():
            words = [source, target, "--to", form, "--force", *options]
            code, report = self.ferry.ask("convert", *words)
            if code:
                raise ValueError(report.get("error", f"exit {code}"))
            return target

        self.attempt("ferry convert", f"{name} to {form}", make, source, options)


def from_onnx(corrects, name, path):
    for index, (maker, make) in enumerate(TO_ONNX.items()):
        target = corrects.folder / f"changed{index}.onnx"
        corrects.attempt(maker, name, lambda: make(onnx.load(path), target), path)


def of_builders(corrects):
    for make in nets.NETWORKS:
        for seed in SEEDS:
            path = corrects.folder / f"{make.__name__}.onnx"
            onnx.save(make(seed), path)
            name = f"{make.__name__}, seed {seed}"
            from_onnx(corrects, name, path)
            for form in FORMATS if seed == SEEDS[0] else ("onnx",):
                corrects.convert(name, path, form)


def of_modules(corrects):
    for kind, widths in modules.MODULES.items():
        for width, seed in zip(widths, SEEDS):
            model, x = modules.made(kind, width, seed), modules.inputs(kind, seed)
            name = f"{kind.__name__} of {width}"
            path = export(model, x, corrects.folder / f"{name}.onnx", folded=False)
            beside = corrects.folder / f"{name} beside.onnx"

            def exported(**options):
                return lambda: export(model, x, beside, **options)

            corrects.attempt("TorchScript exporter", name, exported(), path)
            for opset in (11, 13):
                corrects.attempt("TorchScript exporter", f"{name}, opset {opset}",
                                 exported(opset=opset, folded=opset == 13), path)  # fmt: skip
            corrects.attempt(
                "torch.fx fuse", name, lambda: export(optimization.fuse(model), x, beside), path)
            if seed == SEEDS[0]:
                corrects.attempt("dynamo exporter", name, exported(dynamo=True), path)
                corrects.attempt("dynamo exporter", f"{name}, unfolded",
                                 exported(dynamo=True, folded=False), path)  # fmt: skip
            from_onnx(corrects, name, path)
            for form in FORMATS if seed == SEEDS[0] else ("keras",):
                corrects.convert(name, path, form)


def of_keras(corrects):
    keras = keras_models.keras
    for build, widths in keras_models.MODELS.items():
        for width, seed in zip(widths, SEEDS):
            model = keras_models.made(build, width, seed)
            name = f"{build.__name__} of {width}"
            whole = corrects.folder / f"{name}.h5"
            model.save(whole)

            def again(ending):
                def make():
                    path = corrects.folder / f"{name}{ending}"
                    model.save(path)
                    return path

                return make

            def exported(batch=None):
                def make():
                    path = corrects.folder / f"{name} of {batch}.onnx"
                    shape = (batch, *model.inputs[0].shape[1:])
                    keras_models.answer(model, keras_models.inputs(model, seed))
                    signature = [keras.InputSpec(shape=shape, dtype="float32", name="x")]
                    model.export(path, format="onnx", verbose=False, input_signature=signature)
                    return path

                return make

            corrects.attempt("Keras .keras", name, again(".keras"), whole)
            corrects.attempt("Keras' exporter of ONNX", name, exported(), whole)
            # With a fixed batch it exports by dynamo, else by TorchScript.
            corrects.attempt("Keras' exporter of ONNX", f"{name}, batch of 2", exported(2), whole)
            for form in FORMATS:
                corrects.convert(name, whole, form)
    keras.backend.clear_session()


def of_dialects(corrects, keras3, tf_keras):
    """What every source of the table of dialects writes of known networks, against PyTorch's."""
    known = sources.sources(keras3, tf_keras)
    for network in ("lenet5", "alexnet_narrow", "vgg16_bn_narrow"):
        case = cases.Case(network)
        reference = corrects.folder / f"{network}.onnx"
        export_case(case, reference, folded=False)
        for source in known:
            if source.lacks(case) or "float16" in source.name or "tf_keras .keras" == source.name:
                continue
            # PyTorch's exporters have carried networks enough; Keras' writes normalisations its way.
            if network != "lenet5" and "onnx" in source.name and "Keras" not in source.name:
                continue
            # Statistics that Caffe keeps as sums are PyTorch's up to a rounding.
            if case.normalised and "Caffe" in source.name:
                continue
            folder = corrects.folder / f"{network} {source.name}".replace(" ", "_")
            folder.mkdir()
            path = folder / f"{network}{source.ending}"

            def make():
                source.make(case, path)
                return path

            # Files that options name lie beside the source's own.
            words = source.options(case)
            options = [str(folder / word) if option == "--prototxt" else word
                       for option, word in zip(["", *words], words)]  # fmt: skip
            maker = source.name.split(",")[0]
            corrects.attempt(maker, f"{network}, {source.name}", make, reference, options)


def of_fixtures(corrects):
    """Files of the fixtures that hold one network."""
    models, keras = recipe.FIXTURES / "models", recipe.FIXTURES / "keras"
    endings = (".onnx", ".h5", ".pth", ".npz", ".safetensors")
    for folder in sorted(models.iterdir()):
        reference = folder / f"{folder.name}.onnx"
        options = ("--arch", folder.name) if folder.name in networks.LENETS else ()
        if "bn" in folder.name:  # Keras' weights alone do not say it
            options = ("--bn-epsilon", "1e-5")
        for path in sorted(folder.glob(f"{folder.name}.*")):
            if path != reference and path.suffix in endings:
                corrects.compare("fixtures", path.name, path, reference, options)
    for name in ("sequential", "functional", "nested", "channels_first"):
        corrects.compare(
            "fixtures", name, keras / name / f"{name}.keras", keras / name / f"{name}.h5")
    tf2onnx = recipe.FIXTURES / "onnx/tf2onnx"
    for name, options in (("lenet5", ("--arch", "lenet5")), ("vgg11", ())):
        for form in ("", "_nchw"):
            corrects.compare("tf2onnx", f"{name}{form}", tf2onnx / f"{name}{form}.onnx",
                             tf2onnx / f"{name}.npz", options)  # fmt: skip
    exported = recipe.FIXTURES / "onnx/keras/vgg11_bn"
    corrects.compare("Keras' exporter of ONNX", "vgg11_bn", f"{exported}.onnx",
                     f"{exported}.npz", ("--bn-epsilon", "1e-3"))  # fmt: skip


def run(corrects, keras3, tf_keras):
    warnings.filterwarnings("ignore")
    with torch.no_grad(), np.errstate(all="ignore"):
        of_fixtures(corrects)
        of_builders(corrects)
        of_modules(corrects)
        of_keras(corrects)
        of_dialects(corrects, keras3, tf_keras)
