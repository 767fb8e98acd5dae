"""An ONNX model that is edited by protobuf, never by Ferry."""

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from mutate.layers import Layer, Unfit

NORM_ROLES = ("weight", "bias", "mean", "variance")
ELEMENTWISE = ("Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Selu", "Clip", "HardSigmoid",
               "HardSwish", "PRelu", "Dropout", "Identity")  # fmt: skip


class OnnxStore:
    ending = ".onnx"

    def __init__(self, model, batch=2):
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.graph, self.batch = self.model.graph, batch

    def copy(self):
        return OnnxStore(self.model, self.batch)

    def save(self, path):
        path.write_bytes(self.model.SerializeToString())

    # ------------------------------------------------------------------ nodes

    @property
    def nodes(self):
        return list(self.graph.node)

    def node(self, name):
        return next(node for node in self.graph.node if node.name == name)

    @staticmethod
    def attribute(node, name, default=None):
        for attribute in node.attribute:
            if attribute.name == name:
                return helper.get_attribute_value(attribute)
        return default

    @staticmethod
    def set(node, **values):
        """Sets attributes; those of None are removed."""
        for name, value in values.items():
            for index, attribute in enumerate(node.attribute):
                if attribute.name == name:
                    del node.attribute[index]
                    break
            if value is not None:
                node.attribute.append(helper.make_attribute(name, value))

    def producer(self, value):
        return next((node for node in self.graph.node if value in node.output), None)

    def consumers(self, value):
        return [node for node in self.graph.node if value in node.input]

    def only_consumer(self, node):
        readers = self.consumers(node.output[0])
        return readers[0] if len(readers) == 1 else None

    def insert(self, place, op, name, inputs, **attributes):
        """A new node before the node at `place`; returns its output."""
        output = f"{name}_y"
        made = helper.make_node(op, list(inputs), [output], name, **attributes)
        self.graph.node.insert(self.nodes.index(place), made)
        return output

    def insert_behind(self, node, op, name, inputs=(), **attributes):
        """A new node that reads `node`'s output; all that read it now read the new one's."""
        value = node.output[0]
        inner = f"{value}_before_{name}"
        node.output[0] = inner
        made = helper.make_node(op, [inner, *inputs], [value], name, **attributes)
        self.graph.node.insert(self.nodes.index(node) + 1, made)

    def remove(self, node):
        """Its readers read its input."""
        source, value = node.input[0], node.output[0]
        self.graph.node.remove(node)
        for other in self.graph.node:
            for index, name in enumerate(other.input):
                if name == value:
                    other.input[index] = source
        if any(output.name == value for output in self.graph.output):
            before = self.producer(source)
            before.output[0] = value
            for other in self.consumers(source):
                other.input[list(other.input).index(source)] = value

    # ------------------------------------------------------------------ tensors

    def has(self, label):
        return any(tensor.name == label for tensor in self.graph.initializer)

    def array(self, label):
        for tensor in self.graph.initializer:
            if tensor.name == label:
                return numpy_helper.to_array(tensor).copy()
        raise Unfit(f"{label} is no initializer")

    def write(self, label, array):
        for tensor in self.graph.initializer:
            if tensor.name == label:
                tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), label))
                return label
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), label))
        return label

    def write_input(self, node, index, array):
        """Gives one node's input a value; another node that shares the tensor keeps the old."""
        label = node.input[index]
        uses = sum(label == name for other in self.graph.node for name in other.input)
        if uses > 1:
            label = f"{node.name}_{index}_own"
            node.input[index] = label
        self.write(label, array)

    # ------------------------------------------------------------------ shapes

    def shapes(self):
        """Every value's shape, for the bench's batch."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        for value in model.graph.input:
            axes = value.type.tensor_type.shape.dim
            if len(axes) and not axes[0].dim_value:
                axes[0].dim_value = self.batch
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
        inferred = shape_inference.infer_shapes(model, data_prop=True).graph
        found = {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
        for info in (*inferred.input, *inferred.value_info, *inferred.output):
            found[info.name] = tuple(d.dim_value for d in info.type.tensor_type.shape.dim)
        return found

    @property
    def input_shape(self):
        labels = {tensor.name for tensor in self.graph.initializer}
        value = next(v for v in self.graph.input if v.name not in labels)
        return (self.batch, *(d.dim_value for d in value.type.tensor_type.shape.dim[1:]))

    # ------------------------------------------------------------------ layers with weights

    def layers(self):
        shapes, found = self.shapes(), []
        for node in self.graph.node:
            arrays = self.arrays_of(node)
            if not arrays:
                continue
            if node.op_type == "Conv":
                kind, group = "conv", self.attribute(node, "group", 1)
                found.append(Layer(node.name, kind, arrays, group))
            elif node.op_type in ("Gemm", "MatMul"):
                picture = self.picture(node.input[0], shapes)
                order = "HWC" if picture and self.is_turned(node.input[0]) else "CHW"
                found.append(Layer(node.name, "dense", arrays, 1, picture, order))
            else:
                kind = "norm" if node.op_type == "BatchNormalization" else "prelu"
                found.append(Layer(node.name, kind, arrays))
        return found

    def arrays_of(self, node):
        """role -> array in PyTorch's order, for a node that reads weights."""
        labels = list(node.input[1:])
        if node.op_type not in ("Conv", "Gemm", "MatMul", "BatchNormalization", "PRelu"):
            return None
        if not labels or not all(self.has(label) for label in labels):
            return None
        if node.op_type == "BatchNormalization":
            return {role: self.array(label) for role, label in zip(NORM_ROLES, labels)}
        arrays = {"weight": self.array(labels[0])}
        if self.is_kept_in_out(node):
            arrays["weight"] = np.ascontiguousarray(arrays["weight"].T)
        if len(labels) > 1:
            arrays["bias"] = self.array(labels[1])
        return arrays

    def is_kept_in_out(self, node):
        if node.op_type == "MatMul":
            return True
        return node.op_type == "Gemm" and not self.attribute(node, "transB", 0)

    def put(self, layer, **arrays):
        node = self.node(layer.name)
        for role, array in arrays.items():
            array = np.asarray(array, np.float32)
            if role == "weight" and self.is_kept_in_out(node):
                array = array.T
            index = 1 + NORM_ROLES.index(role)
            self.write_input(node, index, array)

    def picture(self, value, shapes):
        """[C, H, W] of the picture whose flattening this value is, looked for backwards."""
        node = self.producer(value)
        while node is not None and node.op_type in ELEMENTWISE:
            node = self.producer(node.input[0])
        if node is None or node.op_type not in ("Flatten", "Reshape"):
            return None
        shape = shapes.get(node.input[0], ())
        if len(shape) != 4 or self.is_turned(value) and shape[1:] is None:
            return None
        if self.is_turned(value):
            return (shape[3], shape[1], shape[2])
        return shape[1:]

    def is_turned(self, value):
        """Whether a Transpose to channels last feeds the flattening."""
        node = self.producer(value)
        while node is not None and node.op_type in (*ELEMENTWISE, "Flatten", "Reshape"):
            node = self.producer(node.input[0])
        return (node is not None and node.op_type == "Transpose"
                and list(self.attribute(node, "perm", [])) == [0, 2, 3, 1])  # fmt: skip
