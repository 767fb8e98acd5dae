"""Mistakes about activations, pixels, resizing and labels: 38 to 48."""

import numpy as np

from mutate.mistakes import on_files, on_layers, on_nodes, require


@on_nodes(38, ".01", "activationSlope", "LeakyRelu")
def leak_of_torch(store, node):
    require(abs(store.attribute(node, "alpha", 0.01) - 0.01) > 1e-3)
    store.set(node, alpha=0.01)


@on_nodes(38, ".2 of tf.nn", "activationSlope", "LeakyRelu")
def leak_of_tensorflow(store, node):
    store.set(node, alpha=0.2)


@on_nodes(39, ".2·x for x/6", "activationConstants", "HardSigmoid")
def hard_slope(store, node):
    before = store.attribute(node, "alpha", 0.2)
    store.set(node, alpha=0.2 if abs(before - 0.2) > 1e-3 else 1 / 6)


@on_nodes(40, "the bound lost", "activationBound", "Clip")
def bound_lost(store, node):
    require(len(node.input) == 3 and store.array(node.input[2]) == 6)
    del node.input[2]


@on_nodes(40, "Relu in its place", "activationBound", "Clip")
def plain_rectifier(store, node):
    require(len(node.input) == 3 and store.array(node.input[2]) == 6)
    del node.input[1:]
    node.op_type = "Relu"


@on_nodes(41, "GELU by tanh", "geluApproximation", "Erf")
def gelu_tanh(store, node):
    before, after = store.producer(node.input[0]), store.only_consumer(node)
    x = before.input[0]
    cubic, root = (store.write(f"{node.name}_{name}", np.float32(value))
                   for name, value in (("cubic", 0.044715), ("root", (2 / np.pi) ** 0.5)))
    square = store.insert(node, "Mul", f"{node.name}_square", [x, x])
    cube = store.insert(node, "Mul", f"{node.name}_cube", [square, x])
    part = store.insert(node, "Mul", f"{node.name}_part", [cube, cubic])
    whole = store.insert(node, "Add", f"{node.name}_sum", [x, part])
    node.input[0] = store.insert(node, "Mul", f"{node.name}_scaled", [whole, root])
    node.op_type = "Tanh"
    store.graph.node.remove(before)
    names = [f"{node.name}_{part}" for part in ("square", "cube", "part", "sum", "scaled")]
    ends = [other.name for other in store.consumers(after.output[0])]
    last = store.consumers(store.node(ends[0]).output[0]) if ends else []
    return (*names, node.name, before.name, after.name, *ends, *(n.name for n in last))


@on_nodes(41, "ELU's alpha 1", "activationSlope activationConstants", "Elu")
def elu_alpha(store, node):
    require(store.attribute(node, "alpha", 1.0) != 1)
    store.set(node, alpha=1.0)


@on_nodes(41, "ELU for SELU", "activationKind", "Selu")
def elu_for_selu(store, node):
    node.op_type = "Elu"
    store.set(node, alpha=1.0, gamma=None)


@on_nodes(41, "Swish's beta 1.702", "constantFactor activationConstants", "Sigmoid")
def swish_beta(store, node):
    (product,) = store.consumers(node.output[0])
    require(product.op_type == "Mul")
    beta = store.write(f"{node.name}_beta", np.float32(1.702))
    node.input[0] = store.insert(node, "Mul", f"{node.name}_scaled", [node.input[0], beta])
    return f"{node.name}_scaled", node.name, product.name


@on_nodes(42, "opset raised, nodes kept", "softmaxAxis", "Softmax")
def opset_raised(store, node):
    version = store.model.opset_import[0]
    shape = store.shapes()[node.input[0]]
    require(version.version < 13 and len(shape) == 4)
    version.version = 13


@on_nodes(42, "opset lowered, nodes kept", "softmaxAxis", "Softmax")
def opset_lowered(store, node):
    version = store.model.opset_import[0]
    shape = store.shapes()[node.input[0]]
    require(version.version >= 13 and len(shape) == 4)
    version.version = 11


@on_nodes(43, "twice", "softmaxExtra", "Softmax")
def softmax_twice(store, node):
    axis = store.attribute(node, "axis", -1)
    store.insert_behind(node, "Softmax", f"{node.name}_again", axis=axis)
    return node.name, f"{node.name}_again"


@on_nodes(43, "missing", "softmaxMissing", "Softmax")
def softmax_missing(store, node):
    require(not any(o.name == node.output[0] for o in store.graph.output))
    before, after = store.producer(node.input[0]), store.only_consumer(node)
    store.remove(node)
    return before.name, node.name, after.name


@on_nodes(44, "outputs halved", "constantFactor", "Gemm")
def outputs_halved(store, node):
    before = store.producer(node.input[0])
    require(before.op_type in ("Relu", "Tanh", "Flatten"))
    half = store.write(f"{node.name}_half", np.float32(0.5))
    node.input[0] = store.insert(node, "Mul", f"{node.name}_halved", [node.input[0], half])
    return before.name, f"{node.name}_halved", node.name


@on_layers(44, "weights halved", "scaled", "dense")
def weights_halved(store, layer):
    store.put(layer, weight=layer.get("weight") * np.float32(0.5))


@on_files(45, "first kernel's channels reversed", "inputChannelsReversed inputChannelsPermuted")
def first_kernel(store):
    layer = next(layer for layer in store.layers() if layer.kind == "conv")
    weight = layer.get("weight")
    require(weight.shape[1] == 3 and layer.group == 1)
    store.put(layer, weight=weight[:, ::-1])
    return (layer.name,)


@on_nodes(45, "means reversed",
          "constantOffset inputChannelsReversed outputChannelsPermuted", "Sub")  # fmt: skip
def means_reversed(store, node):
    mean = store.array(node.input[1])
    require(mean.shape == (3, 1, 1))
    store.write_input(node, 1, mean[::-1])


@on_nodes(46, "/256 for /255", "constantFactor scaled", "Mul")
def by_256(store, node):
    require(node.input[0] == "x")
    store.write_input(node, 1, store.array(node.input[1]) * np.float32(255 / 256))


@on_nodes(46, "means not subtracted", "constantOffset", "Sub")
def means_kept(store, node):
    require(store.array(node.input[1]).shape == (3, 1, 1))
    before, after = store.producer(node.input[0]), store.only_consumer(node)
    store.remove(node)
    return before.name, node.name, after.name


@on_files(46, "first kernel for 0…255", "scaled")
def first_scale(store):
    layer = next(layer for layer in store.layers() if layer.kind == "conv")
    store.put(layer, weight=layer.get("weight") / np.float32(255))
    return (layer.name,)


@on_nodes(47, "corners aligned", "resizeCoordinates", "Resize")
def corners(store, node):
    store.set(node, coordinate_transformation_mode="align_corners")


@on_nodes(47, "half a pixel off", "resizeCoordinates", "Resize")
def half_pixel(store, node):
    before = store.attribute(node, "coordinate_transformation_mode", b"half_pixel")
    after = "asymmetric" if before != b"asymmetric" else "half_pixel"
    store.set(node, coordinate_transformation_mode=after)


def last_dense(store):
    dense = [layer for layer in store.layers() if layer.kind == "dense"]
    require(dense)
    return dense[-1]


def with_rows(store, layer, order):
    arrays = {role: array[order] for role, array in layer.arrays.items()}
    node = store.node(layer.name) if hasattr(store, "graph") else None
    if node is not None and node.op_type == "MatMul":
        after = store.only_consumer(node)
        require(after is not None and after.op_type == "Add")
        store.write_input(after, 1, store.array(after.input[1])[order])
    store.put(layer, **arrays)
    return (layer.name,)


@on_files(48, "off by one", "outputChannelsPermuted")
def labels_shifted(store):
    layer = last_dense(store)
    return with_rows(store, layer, np.roll(np.arange(len(layer.get("weight"))), 1))


@on_files(48, "sorted", "outputChannelsPermuted")
def labels_sorted(store):
    layer = last_dense(store)
    names = [str(i * 7 % 23) for i in range(len(layer.get("weight")))]
    return with_rows(store, layer, np.argsort(names, kind="stable"))
