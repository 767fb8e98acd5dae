"""Mistakes of padding, pooling and shapes: 17 to 28."""

import numpy as np

from mutate.mistakes import on_layers, on_nodes, require

WINDOWS = ("Conv", "MaxPool", "AveragePool")
LOWEST = np.finfo(np.float32).min


def pads_of(store, node):
    pads = list(store.attribute(node, "pads", [0, 0, 0, 0]))
    require(len(pads) == 4)
    return pads


def kernel_of(store, node):
    found = store.attribute(node, "kernel_shape")
    return list(found) if found else list(store.array(node.input[1]).shape[2:])


def strides_of(store, node):
    return list(store.attribute(node, "strides", [1, 1]))


@on_nodes(17, "SAME_LOWER for SAME_UPPER", "padsOnWrongSide", "Conv", "MaxPool", "AveragePool")
def same_lower(store, node):
    require(store.attribute(node, "auto_pad") == b"SAME_UPPER")
    store.set(node, auto_pad="SAME_LOWER")


@on_nodes(17, "pads begin where they should end", "padsOnWrongSide", *WINDOWS)
def ends_first(store, node):
    top, left, bottom, right = pads_of(store, node)
    require((top, left) != (bottom, right))
    store.set(node, pads=[bottom, right, top, left])


@on_nodes(17, "SAME taken as symmetric", "padsOnWrongSide pads", *WINDOWS)
def same_symmetric(store, node):
    require(store.attribute(node, "auto_pad") == b"SAME_UPPER")
    height, width = (n // 2 for n in kernel_of(store, node))
    require(strides_of(store, node) != [1, 1])
    store.set(node, auto_pad=None, pads=[height, width, height, width])


@on_nodes(18, "pads of an even size at an odd one", "pads padsOnWrongSide", "Conv")
def other_parity(store, node):
    require(strides_of(store, node) == [2, 2] and pads_of(store, node) == [1, 1, 1, 1])
    store.set(node, pads=[0, 0, 1, 1])


@on_nodes(19, "top, bottom, left, right", "padsReordered", *WINDOWS)
def pads_by_axis(store, node):
    top, left, bottom, right = pads_of(store, node)
    require(left != bottom)
    store.set(node, pads=[top, bottom, left, right])


@on_nodes(19, "left, top, right, bottom", "padsReordered padsOnWrongSide", *WINDOWS)
def pads_x_first(store, node):
    top, left, bottom, right = pads_of(store, node)
    require((top, bottom) != (left, right))
    store.set(node, pads=[left, top, right, bottom])


@on_nodes(20, "made even", "padsOnWrongSide", *WINDOWS)
def pads_even(store, node):
    top, left, bottom, right = pads_of(store, node)
    high, wide = (top + bottom) // 2, (left + right) // 2
    even = [high, wide, top + bottom - high, left + right - wide]
    require(even != [top, left, bottom, right])
    store.set(node, pads=even)


@on_nodes(20, "zeros before a maximum", "padValue", "Pad")
def zeros_before_maximum(store, node):
    require(store.only_consumer(node).op_type == "MaxPool")
    store.write_input(node, 2, np.float32(0))


@on_nodes(21, "rounds down", "ceilMode", "MaxPool", "AveragePool")
def rounds_down(store, node):
    require(store.attribute(node, "ceil_mode", 0) == 1)
    store.set(node, ceil_mode=0)


@on_nodes(21, "rounds up", "ceilMode", "MaxPool", "AveragePool")
def rounds_up(store, node):
    require(store.attribute(node, "ceil_mode", 0) == 0 and strides_of(store, node) != [1, 1])
    store.set(node, ceil_mode=1)


def padded_explicitly(store, node, sizes):
    """A pool without padding behind a Pad that makes its input as large as `sizes` windows need."""
    kernel, strides, pads = kernel_of(store, node), strides_of(store, node), pads_of(store, node)
    inputs = store.shapes()[node.input[0]][2:]
    ends = [(size - 1) * s + k - i - begin
            for size, s, k, i, begin in zip(sizes, strides, kernel, inputs, pads[:2])]  # fmt: skip
    require(all(end >= 0 for end in ends))
    whole = np.array([0, 0, *pads[:2], 0, 0, *ends], np.int64)
    value = 0 if node.op_type == "AveragePool" else LOWEST
    amounts = store.write(f"{node.name}_pads", whole)
    constant = store.write(f"{node.name}_padding", np.float32(value))
    padded = store.insert(node, "Pad", f"{node.name}_pad", [node.input[0], amounts, constant])
    node.input[0] = padded
    store.set(node, pads=None, ceil_mode=None, count_include_pad=None)
    return f"{node.name}_pad", node.name


def ceil_sizes(store, node, drop):
    """A pool's output sizes with ceil_mode, with or without windows that begin behind the end."""
    sizes = []
    pads = pads_of(store, node)
    for axis, size in enumerate(store.shapes()[node.input[0]][2:]):
        kernel, stride = kernel_of(store, node)[axis], strides_of(store, node)[axis]
        count = -((kernel - size - pads[axis] - pads[axis + 2]) // stride) + 1
        if drop and (count - 1) * stride >= size + pads[axis]:
            count -= 1
        sizes.append(count)
    return sizes


@on_nodes(22, "row or column more", "ceilMode padsExtra layerExtra", "MaxPool", "AveragePool")
def extra_window(store, node):
    require(store.attribute(node, "ceil_mode", 0) == 1)
    require(store.attribute(node, "count_include_pad", 0) or node.op_type == "MaxPool")
    sizes = ceil_sizes(store, node, drop=False)
    require(sizes != ceil_sizes(store, node, drop=True))
    return padded_explicitly(store, node, sizes)


@on_nodes(23, "the other way", "countIncludePad", "AveragePool")
def count_include_pad(store, node):
    require(any(pads_of(store, node)))
    store.set(node, count_include_pad=1 - store.attribute(node, "count_include_pad", 0))


@on_nodes(24, "divided by the whole kernel", "ceilMode padsExtra layerExtra countIncludePad",
          "AveragePool")  # fmt: skip
def whole_divisor(store, node):
    require(store.attribute(node, "ceil_mode", 0) and store.attribute(node, "count_include_pad", 0))
    return padded_explicitly(store, node, ceil_sizes(store, node, drop=True))


@on_nodes(25, "windows of another size", "kernelShape", "AveragePool")
def fixed_pool(store, node):
    kernel, strides = kernel_of(store, node), strides_of(store, node)
    require(kernel == strides and not any(pads_of(store, node)) and kernel[1] > 1)
    store.set(node, kernel_shape=[kernel[0], kernel[1] - 1])


@on_nodes(25, "global pool made one of a smaller size", "poolingGlobal", "GlobalAveragePool")
def fixed_global(store, node):
    height, width = store.shapes()[node.input[0]][2:]
    require(min(height, width) > 1)
    node.op_type = "AveragePool"
    store.set(node, kernel_shape=[height - 1, width - 1], strides=[height, width])


@on_nodes(26, "1 for every batch", "batchFixed reshapeShape", "Reshape")
def batch_in_reshape(store, node):
    sizes = store.array(node.input[1])
    require(len(sizes) > 3 and sizes[0] == -1)
    baked = sizes.copy()
    baked[0], baked[2] = 1, -1
    store.write_input(node, 1, baked)


@on_nodes(27, "none for 2", "padsMissing", "Conv")
def first_padding(store, node):
    require(kernel_of(store, node)[0] == 11 and pads_of(store, node) == [2, 2, 2, 2])
    store.set(node, pads=[0, 0, 0, 0])


@on_layers(28, "H·W·C rows", "kernelLayout flattenOrder", "conv")
def dense_as_convolution(store, layer):
    require(hasattr(store, "graph"))
    weight, node = layer.get("weight"), store.node(layer.name)
    shape = store.shapes()[node.input[0]]
    require(max(weight.shape[2:]) > 1 and tuple(shape[2:]) == weight.shape[2:])
    require(not any(pads_of(store, node)))
    store.put(layer, weight=weight.transpose(0, 2, 3, 1).reshape(weight.shape))
