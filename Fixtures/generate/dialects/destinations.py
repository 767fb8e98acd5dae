"""The dialects that Ferry writes, and the frameworks that must open each."""

import dataclasses

from dialects import libraries

OPSET_22 = {"lacks_bfloat16": "convolutions of bfloat16 came with opset 22"}
HDF5 = {"lacks_bfloat16": "HDF5 has no bfloat16"}
GENERATIONS = "it must open in Keras 2 and 3, which share no layer of it"


@dataclasses.dataclass(frozen=True)
class Destination:
    name: str
    # Ferry's format; `options` go with it.
    to: str
    ending: str
    libraries: tuple
    options: tuple = ()
    graph: bool = False
    # Why it cannot hold local responses at all; None where it can.
    lacks_responses: str | None = None
    # Why it cannot hold bfloat16; None where it can.
    lacks_bfloat16: str | None = None
    # The libraries that cannot open local responses: Keras 3 makes them of layers with weights.
    not_for_responses: tuple = ()

    def lacking(self, case, source):
        """Why Ferry must refuse to write a source, and a word of what it says; else None."""
        if case.responds and self.lacks_responses:
            return self.lacks_responses, "LRN"
        if source.bfloat16 and self.lacks_bfloat16:
            return self.lacks_bfloat16, "bfloat16"
        return None


def destinations(keras3, tf_keras):
    onnx = (libraries.ONNX("ONNX Runtime"),)

    def both(form, ending):
        return (libraries.Keras("Keras 3", keras3, form, ending),
                libraries.Keras("tf_keras", tf_keras, form, ending))  # fmt: skip

    def state(name, load):
        return (libraries.StateDict(name, load),)

    return [
        Destination("onnx", "onnx", ".onnx", onnx, graph=True, **OPSET_22),
        Destination("onnx 9", "onnx", ".onnx", onnx, ("--opset", "9"), graph=True, **OPSET_22),
        Destination("onnx 13", "onnx", ".onnx", onnx, ("--opset", "13"), graph=True, **OPSET_22),
        Destination("onnx 26", "onnx", ".onnx", onnx, ("--opset", "26"), graph=True),
        Destination("onnx data", "onnx", ".onnx", onnx, ("--external-data",), graph=True,
                    **OPSET_22),
        Destination("hdf5", "hdf5", ".h5", state("h5py", libraries.load_hdf5), **HDF5),
        Destination("keras-weights-h5", "keras-weights-h5", ".h5", both("weights", ".h5"),
                    not_for_responses=("Keras 3",), **HDF5),
        Destination("keras-h5", "keras-h5", ".h5", both("model", ".h5"), graph=True,
                    lacks_responses=GENERATIONS, **HDF5),
        Destination("keras", "keras", ".keras", both("model", ".keras"), graph=True,
                    not_for_responses=("tf_keras",), **HDF5),
        Destination("keras3-weights-h5", "keras3-weights-h5", ".weights.h5",
                    both("weights", ".weights.h5"), not_for_responses=("Keras 3",), **HDF5),
        Destination("pth", "pth", ".pth", state("PyTorch", libraries.load_pth)),
        Destination("safetensors", "safetensors", ".safetensors",
                    state("safetensors", libraries.load_safetensors)),
        Destination("npz", "npz", ".npz", state("NumPy", libraries.load_npz),
                    lacks_bfloat16="NumPy has no bfloat16"),
    ]  # fmt: skip
