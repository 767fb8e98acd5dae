"""ONNX networks, written node by node, with seeded weights that all differ."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

import recipe


class Builder:
    """A graph under construction. A node's output is called `NODE_y`; the input `x`."""

    def __init__(self, name, shape, seed, opset=17):
        self.name, self.seed, self.opset = name, seed, opset
        self.input = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])]
        self.nodes, self.tensors = [], []

    def values(self, label, shape, role, fan_in=1, factor=1, offset=0):
        found = recipe.values(f"{self.name}/{label}", self.seed, shape, *recipe.scale(role, fan_in))
        return (found * np.float32(factor) + np.float32(offset)).astype(np.float32)

    def tensor(self, label, array):
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), label))
        return label

    def integers(self, label, values):
        return self.tensor(label, np.array(values, np.int64))

    def node(self, op, name, *inputs, **attributes):
        output = f"{name}_y"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name, **attributes))
        return output

    def conv(self, x, name, shape, offset=0, factor=1, bias=True, **attributes):
        """`shape` is [outputs, inputs of a group, height, width]."""
        fan_in = int(np.prod(shape[1:]))
        weight = self.values(f"{name}.weight", shape, "weight", fan_in, factor)
        inputs = [x, self.tensor(f"{name}.weight", weight)]
        if bias:
            values = self.values(f"{name}.bias", shape[:1], "bias", fan_in, 1, offset)
            inputs.append(self.tensor(f"{name}.bias", values))
        return self.node("Conv", name, *inputs, kernel_shape=shape[2:], **attributes)

    def norm(self, x, name, epsilon=1e-5, variance=1, gain=1):
        """Batch normalisation; `variance` scales the variances, `gain` the scales."""
        channels = self.shape(x)[1:2]
        parts = (("weight", "bn_weight", gain), ("bias", "bn_bias", 1),
                 ("running_mean", "running_mean", 1), ("running_var", "running_var", variance))
        inputs = []
        for leaf, role, by in parts:
            label = f"{name}.{leaf}"
            inputs.append(self.tensor(label, self.values(label, channels, role, 1, by)))
        return self.node("BatchNormalization", name, x, *inputs, epsilon=epsilon)

    def dense(self, x, name, outputs, transposed=True, bias=True):
        """Gemm over [out, in] weights, or with `transposed` false MatMul over [in, out] and Add."""
        inputs = self.shape(x)[1]
        weight = self.values(f"{name}.weight", (outputs, inputs), "weight", inputs)
        values = self.values(f"{name}.bias", (outputs,), "bias", inputs)
        offset = self.tensor(f"{name}.bias", values)
        if transposed:
            label = self.tensor(f"{name}.weight", weight)
            return self.node("Gemm", name, x, label, *([offset] if bias else []), transB=1)
        product = self.node("MatMul", name, x, self.tensor(f"{name}.weight", weight.T))
        return self.node("Add", f"{name}_bias", product, offset) if bias else product

    def shape(self, value):
        """Sizes without the batch's, which is 0 there."""
        inferred = shape_inference.infer_shapes(self.model(value), strict_mode=True)
        (output,) = inferred.graph.output
        return [axis.dim_value for axis in output.type.tensor_type.shape.dim]

    def model(self, output):
        info = helper.make_empty_tensor_value_info(output)
        graph = helper.make_graph(self.nodes, self.name, self.input, [info], self.tensors)
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="bench")

    def finished(self, output):
        """The checked model, its output's sizes declared."""
        model = shape_inference.infer_shapes(self.model(output), strict_mode=True)
        del model.graph.value_info[:]
        onnx.checker.check_model(model, full_check=True)
        return model
