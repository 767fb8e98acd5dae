"""Small ONNX files whose parts converters lose, in Fixtures/onnx/small.

padded_pool: zeros around a maximum, a mean over rows and columns (opset 18).
operand_axis: a bias on a stated axis and a Gemm that broadcasts, as CNTK wrote them (opset 6).

Answers are ONNX Runtime's; it has no Add of opset 6, so there they are those of the same network
in the words of opset 13.
"""
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "onnx" / "small"
RANDOM = np.random.default_rng(11)


def weight(name, *shape):
    values = RANDOM.uniform(-0.5, 0.5, shape).astype("float32")
    return numpy_helper.from_array(values, name)


def modern(model):
    """The same network with operands that broadcast by themselves."""
    twin = onnx.ModelProto()
    twin.CopyFrom(model)
    twin.opset_import[0].version = 13
    twin.ir_version = 7
    for node in twin.graph.node:
        kept = [a for a in node.attribute if a.name not in ("broadcast", "axis")]
        del node.attribute[:]
        node.attribute.extend(kept)
    for bias in twin.graph.initializer:
        if bias.name == "B":
            bias.dims[:] = [bias.dims[0], 1, 1]
    del twin.graph.input[1:]
    return twin


def save(name, nodes, weights, opset, ir_version, declared, batch):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, declared)]
    if ir_version == 3:
        inputs += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in weights]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])
    graph = helper.make_graph(nodes, name, inputs, [output], weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.checker.check_model(model, full_check=True)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / f"{name}.onnx")
    array = RANDOM.uniform(-1, 1, (batch, 3, 12, 10)).astype("float32")
    np.save(folder / "input_0.npy", array)
    runnable = model if opset > 6 else modern(model)
    session = onnxruntime.InferenceSession(runnable.SerializeToString())
    np.save(folder / "output_0.npy", session.run(None, {"x": array})[0])


def main():
    save(
        "padded_pool",
        [
            helper.make_node("Conv", ["x", "W", "B"], ["c"], kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node(
                "MaxPool", ["r"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
            helper.make_node("ReduceMean", ["p", "axes"], ["m"], keepdims=0),
            helper.make_node("Gemm", ["m", "F", "G"], ["y"]),
        ],
        [weight("W", 4, 3, 3, 3), weight("B", 4), weight("F", 4, 5), weight("G", 5),
         numpy_helper.from_array(np.array([2, 3]), "axes")], 18, 8, ["N", 3, 12, 10], 2)
    save(
        "operand_axis",
        [
            helper.make_node("Conv", ["x", "W"], ["c"], kernel_shape=[3, 3]),
            helper.make_node("Add", ["c", "B"], ["a"], axis=1, broadcast=1),
            helper.make_node("Relu", ["a"], ["r"]),
            helper.make_node("Flatten", ["r"], ["f"]),
            helper.make_node("Gemm", ["f", "F", "G"], ["y"], broadcast=1),
        ],
        [weight("W", 4, 3, 3, 3), weight("B", 4), weight("F", 320, 5), weight("G", 5)],
        6, 3, ["N", 3, 12, 10], 2)


if __name__ == "__main__":
    main()
