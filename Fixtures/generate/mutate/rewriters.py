"""What makes another ONNX file of the same network of one: converters and optimisers."""

import onnx
import onnxruntime
import onnxscript.optimizer
from onnx import helper, version_converter


def optimised(model, path):
    """By ONNX Runtime's basic optimisations, which keep to ONNX's own operators."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 4
    onnxruntime.InferenceSession(model.SerializeToString(), options,
                                 providers=["CPUExecutionProvider"])  # fmt: skip
    return path


def saved(model, path):
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def rewritten(model, path):
    """By onnxscript's optimiser."""
    return saved(onnxscript.optimizer.optimize(model), path)


def external(model, path):
    onnx.save_model(model, path, save_as_external_data=True, size_threshold=0,
                    location=f"{path.name}.data")  # fmt: skip
    return path


def with_constants(model, path):
    """Every weight in a Constant node, some behind an Identity."""
    nodes = []
    for index, tensor in enumerate(model.graph.initializer):
        label = f"{tensor.name}_held" if index % 2 else tensor.name
        nodes.append(helper.make_node("Constant", [], [label], f"hold{index}", value=tensor))
        if index % 2:
            nodes.append(helper.make_node("Identity", [label], [tensor.name], f"pass{index}"))
    nodes += model.graph.node
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.node.extend(nodes)
    return saved(model, path)


def listed_as_inputs(model, path):
    """As files of IR 3 list their weights."""
    for tensor in model.graph.initializer:
        model.graph.input.append(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    return saved(model, path)


def renamed(model, path):
    """Every value and node under a number."""
    names = {value.name: value.name for value in (*model.graph.input, *model.graph.output)}
    for index, tensor in enumerate(model.graph.initializer):
        names[tensor.name] = tensor.name = f"onnx::W_{97 + index}"
    for index, node in enumerate(model.graph.node):
        if node.op_type == "If":
            raise ValueError("names inside branches")
        node.name = f"n{index}"
        for labels in (node.input, node.output):
            for place, label in enumerate(labels):
                if label:
                    labels[place] = names.setdefault(label, f"{len(names) + 200}")
    del model.graph.value_info[:]
    return saved(model, path)


def converted(version):
    return lambda model, path: saved(version_converter.convert_version(model, version), path)


TO_ONNX = {
    "ONNX Runtime's optimiser": optimised, "onnxscript's optimiser": rewritten,
    "onnx: external data": external, "onnx: Constant nodes": with_constants,
    "onnx: weights as inputs": listed_as_inputs, "onnx: other names": renamed,
    "onnx.version_converter 18": converted(18), "onnx.version_converter 21": converted(21),
}  # fmt: skip
