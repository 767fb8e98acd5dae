"""Which models really differ: PyTorch and onnx.reference decide, in float64."""

import json
import os

import h5py
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from mutate.layers import Unfit
from mutate.reference_operators import OPERATORS, Softmax

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402
from keras.src.legacy.saving import saving_utils  # noqa: E402

MARGIN = 3  # times the pass line: what counts as a difference
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def line(reference):
    """What outputs may differ by: 1e-4·|ref| + 1e-5·max|ref|."""
    reference = np.abs(np.asarray(reference, np.float64))
    return 1e-4 * reference + 1e-5 * reference.max()


def share(output, reference):
    """The largest difference as a share of the pass line; infinite where shapes or NaN differ."""
    if np.shape(output) != np.shape(reference):
        return float("inf")
    allowed = line(reference)
    difference = np.abs(np.asarray(output, np.float64) - reference)
    if not np.isfinite(difference).all() or not (allowed > 0).all():
        return float("inf")
    return float((difference / allowed).max())


def widened(model):
    """The same model in float64. Scales of a Resize must stay float32."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    graph = wide.graph
    del graph.value_info[:]
    narrow = {name for node in graph.node if node.op_type in ("Resize", "Upsample")
              for name in node.input[1:]}  # fmt: skip

    def widen(tensor):
        if tensor.data_type in FLOATS:
            array = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    for tensor in graph.initializer:
        if tensor.name not in narrow:
            widen(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and node.output[0] not in narrow:
                widen(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i in FLOATS:
                attribute.i = TensorProto.DOUBLE
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type in FLOATS:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return wide


def onnx_double(model, x):
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    operators = OPERATORS if opset >= 13 else [*OPERATORS, Softmax]
    evaluator = ReferenceEvaluator(widened(model), new_ops=operators)
    (name,) = [value.name for value in model.graph.input if not is_weight(model, value.name)]
    with np.errstate(all="ignore"):
        return np.asarray(evaluator.run(None, {name: x.astype(np.float64)})[0])


def is_weight(model, name):
    return any(tensor.name == name for tensor in model.graph.initializer)


def onnx_single(model, x):
    """ONNX Runtime's answer in float32, without optimisation."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


class OnnxJudge:
    """Answers of ONNX files; both implementations must agree where both answer."""

    def __init__(self, x):
        self.x = x

    def answer(self, store):
        try:
            truth = onnx_double(store.model, self.x)
            checked = onnx_single(store.model, self.x)
        except Exception as error:
            raise Unfit(f"does not run: {' '.join(str(error).split())[:200]}") from None
        if not np.isfinite(truth).all():
            return truth
        if (found := share(checked, truth)) > MARGIN:
            raise Unfit(f"ONNX Runtime differs from the reference, {found:.1f} times the line")
        return truth


class TorchJudge:
    """Answers of state dicts, loaded into PyTorch's module in float64."""

    def __init__(self, module, x):
        self.module, self.x = module.double().eval(), torch.from_numpy(x).double()

    def answer(self, store):
        state = {name: torch.from_numpy(np.array(array)) for name, array in store.arrays.items()}
        self.module.load_state_dict(state, strict=True)
        with torch.no_grad():
            return self.module(self.x).numpy()


class KerasJudge:
    """Answers of whole Keras files: Keras makes the model of the file's description in float64."""

    def __init__(self, x, folder):
        self.x, self.path, self.models = x.astype(np.float64), folder / "judged.h5", {}

    def model(self, description):
        if description not in self.models:
            keras.backend.set_floatx("float64")
            try:
                wide = description.replace('"float32"', '"float64"')
                self.models[description] = saving_utils.model_from_config(json.loads(wide))
            finally:
                keras.backend.set_floatx("float32")
        return self.models[description]

    def answer(self, store):
        store.save(self.path)
        with h5py.File(self.path) as file:
            model = self.model(file.attrs["model_config"])
            for layer in model.layers:
                if not layer.weights:
                    continue
                group = file["model_weights"][layer.name]
                layer.set_weights([group[label][...] for label in group.attrs["weight_names"]])
        return keras.ops.convert_to_numpy(model(self.x, training=False))
