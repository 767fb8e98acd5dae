"""Opening files with the libraries that they are meant for, never with Ferry.

Each library has `open(path, case, view)`, which gives the weights, a list of (label, array) in a
fixed order, and the outputs for the case's pictures. A file with the same bytes as one opened
before is not opened again. Libraries of destinations have `arranged(model)` too: the arrays of a
PyTorch network in the order and layout that `open` gives them in.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np
import onnx
import onnx.reference
import onnx.version_converter
import onnxruntime
import safetensors
import torch
from onnx import numpy_helper

import networks
from dialects import cases


class Library:
    """Remembers what files held, by their bytes."""

    def __init__(self, name):
        self.name = name
        self.opened = {}

    def open(self, path, case, view):
        key = (digest(path), case.name, view)
        if key not in self.opened:
            self.opened[key] = self.read(path, case, view)
        return self.opened[key]


def digest(path):
    """Of the file's bytes and of those of the files beside it that belong to it."""
    found = hashlib.sha256(path.read_bytes())
    for beside in sorted(path.parent.iterdir()):
        if beside != path and beside.name.split(".")[0] == path.name.split(".")[0]:
            if beside.suffix in (".data", ".bin", ".safetensors", ".caffemodel", ".h5"):
                found.update(beside.read_bytes())
    return found.hexdigest()


class StateDict(Library):
    """Files of tensors: read by `load`, put into PyTorch's network strictly, and run there."""

    def __init__(self, name, load):
        super().__init__(name)
        self.load = load

    def read(self, path, case, view):
        state = case.named_by_torch(unwrapped(self.load(path)))
        return sorted(state.items()), cases.run(filled(view, state), case.x)

    def arranged(self, model):
        return [array for _, array in sorted(floats(model).items())]


def filled(view, state):
    """PyTorch's network with a state, strictly loaded; 16-bit numbers become float32."""
    module = view.module()
    wide = any(array.dtype == np.float64 for array in state.values())
    tensors = {k: torch.from_numpy(widened(v)) for k, v in state.items()}
    module.to(torch.float64 if wide else torch.float32)
    (module[0] if view.softmax else module).load_state_dict(tensors, strict=True)
    return module


def widened(array):
    narrow = array.dtype in (np.float16, ml_dtypes.bfloat16)
    return array.astype(np.float32) if narrow else np.array(array)


def floats(model):
    """A network's state by name, without counters."""
    state = {k: v.detach().numpy() for k, v in model.state_dict().items()}
    return {k: v for k, v in state.items() if v.dtype.kind == "f"}


def unwrapped(state):
    """The network's tensors of a training checkpoint, by their own names."""
    state = state.get("state_dict", state)
    return {k.removeprefix("module."): v for k, v in state.items()}


def load_pth(path):
    def arrays(value):
        if isinstance(value, dict):
            return {k: arrays(v) for k, v in value.items()}
        return array_of(value.detach()) if isinstance(value, torch.Tensor) else value

    return arrays(torch.load(path, weights_only=True))


def array_of(tensor):
    """Bit for bit, also of bfloat16, which NumPy itself does not know."""
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.uint16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def load_safetensors(path):
    files = {path}
    if path.suffix == ".json":
        shards = json.loads(path.read_text())["weight_map"].values()
        files = {path.parent / shard for shard in shards}
    state = {}
    for file in files:
        with safetensors.safe_open(file, framework="pt") as opened:
            state |= {name: array_of(opened.get_tensor(name)) for name in opened.keys()}
    return state


def load_npz(path):
    with np.load(path) as file:
        return {k: v for k, v in file.items() if v.dtype.kind in "fiu"}


def load_hdf5(path):
    """A dump of a state_dict: one dataset a tensor, in the root or in groups."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name.replace("/", ".")] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


class ONNX(Library):
    """onnx.checker, then ONNX Runtime. Weights are labelled by the operators that use them."""

    def read(self, path, case, view):
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(path)
        (entry,) = [i for i in model.graph.input if i.name not in initializers(model.graph)]
        shape = [d.dim_value for d in entry.type.tensor_type.shape.dim]
        x = case.x if shape[1:] == list(case.x.shape[1:]) else case.x.transpose(0, 2, 3, 1)
        kind = onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
        if kind == np.float64:  # ONNX Runtime has no convolution of these
            session = onnx.reference.ReferenceEvaluator(modern(model))
        else:
            narrow = np.dtype(kind).itemsize == 2
            given = in_float32(model).SerializeToString() if narrow else str(path)
            kind = np.float32
            session = onnxruntime.InferenceSession(given, providers=["CPUExecutionProvider"])
        feeds = {entry.name: np.ascontiguousarray(x, kind)}
        return graph_weights(model.graph), session.run(None, feeds)[0]

    def arranged(self, model):
        return list(floats(model).values())


def in_float32(model):
    """A copy whose numbers of 16 bits are float32, with the same values."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    narrow = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    constants = [a.t for n in wide.graph.node for a in n.attribute if a.HasField("t")]
    for tensor in [*wide.graph.initializer, *constants]:
        if tensor.data_type in narrow:
            array = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    for value in [*wide.graph.input, *wide.graph.output, *wide.graph.value_info]:
        if value.type.tensor_type.elem_type in narrow:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return wide


def modern(model):
    """In an opset whose batch normalisation onnx.reference computes as it is meant."""
    if model.opset_import[0].version >= 15:
        return model
    return onnx.version_converter.convert_version(model, 17)


def initializers(graph):
    return {t.name: numpy_helper.to_array(t) for t in graph.initializer}


def graph_weights(graph):
    """Every constant of more than one number that an operator reads, in the graph's order."""
    known = initializers(graph)
    found = []
    rows_are_hwc = False  # of the next dense layer
    spelled = {}  # a normalisation's numbers, by their places in one operator
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    known[node.output[0]] = numpy_helper.to_array(attribute.t)
        elif node.op_type == "Identity" and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]]
        elif node.op_type == "Mul" and all(name in known for name in node.input):
            known[node.output[0]] = np.multiply(*(known[name] for name in node.input))
        elif node.op_type == "Transpose" and found:
            rows_are_hwc = list(node.attribute[0].ints) == [0, 2, 3, 1]
        elif is_spelled(node, known) and (
                node.op_type == "Sub" or len(spelled) == SPELLED[node.op_type][1]):
            (array,) = [known[name] for name in node.input if name in known]
            spelled[SPELLED[node.op_type][0]] = array.reshape(-1)
            if node.op_type == "Add":
                found += normalisation(spelled)
                spelled = {}
        else:
            mine = list(operands(node, known))
            if mine and mine[0][0] == "Gemm.2" and mine[0][1].ndim == 4:  # of a convolution
                mine = [("Conv.2", mine[0][1].reshape(-1))]
            if mine and mine[0][0] == "Gemm.1" and rows_are_hwc:
                mine[0] = ("Gemm.1", turned(mine[0][1], channels=len(found[-1][1])))
                rows_are_hwc = False
            found += mine
    return found


# What Keras 3's exporter makes of a normalisation: the number's place, how many come before it.
SPELLED = {"Sub": (3, 0), "Mul": (1, 1), "Add": (2, 2)}


def is_spelled(node, known):
    """Whether a node is arithmetic with one number a channel, as in no local response."""
    arrays = [known[name] for name in node.input if name in known]
    return node.op_type in SPELLED and any(a.dtype.kind == "f" and a.size > 1 for a in arrays)


def normalisation(numbers):
    """As one operator, of a variance that makes 1 with the usual epsilon."""
    numbers[4] = np.full_like(numbers[1], 1 - 1e-5)
    return [(f"BatchNormalization.{place}", numbers[place]) for place in sorted(numbers)]


def turned(matrix, channels):
    """[out, H·W·C] as [out, C·H·W]."""
    seen = matrix.reshape(len(matrix), -1, channels)
    return np.ascontiguousarray(seen.transpose(0, 2, 1).reshape(matrix.shape))


def operands(node, known):
    """(operator.place, array) of a node's weights, dense ones as [out, in] whatever node it is."""
    kind = {"MatMul": "Gemm"}.get(node.op_type, node.op_type)
    attributes = {a.name: a.i for a in node.attribute}
    for place, name in enumerate(node.input):
        array = known.get(name)
        if array is None or array.dtype.kind != "f" or array.size < 2:
            continue
        if kind == "Add":
            yield "Gemm.2", array
        elif kind == "Gemm" and place == 1 and not attributes.get("transB"):
            yield "Gemm.1", np.ascontiguousarray(array.T)
        else:
            yield f"{kind}.{place}", array


class Keras(Library):
    """One of the two Keras: whole models are loaded, weights put into the network."""

    def __init__(self, name, side, form, ending):
        super().__init__(name)
        self.side, self.form, self.ending = side, form, ending

    def read(self, path, case, view):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            link = folder / f"model{self.ending}"  # Keras tells formats by their endings
            if path.suffix == ".json":  # which names its files as they are
                link = path
            else:
                link.symlink_to(path)
            np.save(folder / "x.npy", case.x)
            self.side.open(
                network=view.network, softmax=view.softmax, epsilon=view.epsilon, form=self.form,
                path=str(link), x=str(folder / "x.npy"), y=str(folder / "y.npy"),
                weights=str(folder / "weights.npz"))
            with np.load(folder / "weights.npz") as file:
                weights = [(key.split(" ")[1], file[key]) for key in file.files]
            return weights, np.load(folder / "y.npy")

    def arranged(self, model):
        return [array for arrays in networks.keras_arrays(model) for array in arrays]


def versions():
    return {
        "PyTorch": torch.__version__, "ONNX": onnx.__version__,
        "ONNX Runtime": onnxruntime.__version__, "safetensors": safetensors.__version__,
        "h5py": h5py.__version__, "NumPy": np.__version__,
    }
