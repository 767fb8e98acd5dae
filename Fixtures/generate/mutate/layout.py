"""Mistakes of layout and order: 1 to 16."""

import numpy as np

from mutate.layers import layers_alike
from mutate.mistakes import on_files, on_layers, on_nodes, require


def reordered(layer):
    """Columns of a dense layer in the other order of its picture."""
    require(layer.picture and layer.picture[0] > 1 and max(layer.picture[1:]) > 1)
    channels, height, width = layer.picture
    weight = layer.get("weight")
    if layer.order == "HWC":
        turned = weight.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    else:
        turned = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
    return turned.reshape(weight.shape)


@on_layers(1, "columns H·W·C for C·H·W", "flattenOrder", "dense")
def flatten_order(store, layer):
    require(not getattr(store, "channels_first", False))
    require(layer.order == "CHW" or not hasattr(store, "graph"))
    store.put(layer, weight=reordered(layer))


@on_layers(2, "columns C·H·W behind a Transpose to H·W·C", "flattenOrder", "dense")
def flatten_twice(store, layer):
    require(layer.order == "HWC" and hasattr(store, "graph"))
    store.put(layer, weight=reordered(layer))


@on_layers(3, "columns of the other order", "flattenOrder", "dense")
def flatten_channels_first(store, layer):
    require(getattr(store, "channels_first", False))
    store.put(layer, weight=reordered(layer))


@on_layers(4, "[in, out] for [out, in]", "denseTransposed", "dense")
def dense_transposed(store, layer):
    require(layer.is_square)
    store.put(layer, weight=layer.get("weight").T)


@on_layers(5, "I and O swapped", "kernelInOutSwapped", "conv")
def kernel_in_out(store, layer):
    require(layer.is_square and layer.group == 1)
    store.put(layer, weight=layer.get("weight").transpose(1, 0, 2, 3))


@on_layers(5, "H and W swapped", "kernelHeightWidthSwapped", "conv")
def kernel_height_width(store, layer):
    weight = layer.get("weight")
    require(weight.shape[2] == weight.shape[3] > 1)
    store.put(layer, weight=weight.transpose(0, 1, 3, 2))


@on_layers(5, "bytes of HWIO read as OIHW", "kernelLayout kernelInOutSwapped", "conv")
def kernel_bytes(store, layer):
    weight = layer.get("weight")
    store.put(layer, weight=weight.transpose(2, 3, 1, 0).reshape(weight.shape))


@on_layers(6, "both axes", "kernelFlipped", "conv")
def kernel_flipped(store, layer):
    weight = layer.get("weight")
    require(max(weight.shape[2:]) > 1)
    store.put(layer, weight=weight[:, :, ::-1, ::-1])


@on_layers(7, "channel m·in + c for c·mult + m", "depthwiseOrder", "conv")
def depthwise_order(store, layer):
    weight = layer.get("weight")
    count = weight.shape[0] // layer.group
    require(layer.group > 1 and weight.shape[1] == 1 and count > 1)
    turned = weight.reshape(layer.group, count, *weight.shape[1:]).swapaxes(0, 1)
    store.put(layer, weight=turned.reshape(weight.shape))


@on_layers(8, "groups swapped", "groupsExchanged", "conv")
def groups_swapped(store, layer):
    weight = layer.get("weight")
    require(layer.group > 1 and weight.shape[1] > 1)
    store.put(layer, weight=np.roll(weight, weight.shape[0] // layer.group, 0))


@on_layers(8, "groups interleaved", "outputChannelsPermuted", "conv")
def groups_interleaved(store, layer):
    weight = layer.get("weight")
    require(layer.group > 1 and weight.shape[1] > 1)
    turned = weight.reshape(layer.group, -1, *weight.shape[1:]).swapaxes(0, 1)
    store.put(layer, weight=turned.reshape(weight.shape))


@on_nodes(10, "axis −1 for 1", "softmaxAxis", "Softmax")
def softmax_axis(store, node):
    shape = store.shapes()[node.input[0]]
    require(len(shape) == 4 and store.attribute(node, "axis", -1) == 1)
    store.set(node, axis=-1)


@on_layers(11, "mean and variance swapped", "statisticsPermuted", "norm")
def mean_variance(store, layer):
    store.put(layer, mean=layer.get("variance"), variance=layer.get("mean"))


@on_layers(11, "gamma and beta swapped", "statisticsPermuted", "norm")
def gamma_beta(store, layer):
    store.put(layer, weight=layer.get("bias"), bias=layer.get("weight"))


@on_layers(11, "mean, variance, gamma, beta", "statisticsPermuted", "norm")
def statistics_first(store, layer):
    store.put(layer, weight=layer.get("mean"), bias=layer.get("variance"),
              mean=layer.get("weight"), variance=layer.get("bias"))  # fmt: skip


@on_layers(12, "gamma holds beta, beta zeros",
           "statisticsPermuted tensorFromElsewhere shiftIgnored", "norm")  # fmt: skip
def beta_as_gamma(store, layer):
    bias = layer.get("bias")
    store.put(layer, weight=bias, bias=np.zeros_like(bias))


@on_nodes(13, "along W", "axis tensorShape elementsReordered", "PRelu")
def slope_along_width(store, node):
    slope = store.array(node.input[1])
    shape = store.shapes()[node.input[0]]
    require(len(shape) == 4 and slope.shape == (shape[1], 1, 1) and shape[3] == shape[1])
    store.write_input(node, 1, slope.reshape(1, 1, -1))


@on_nodes(14, "DCR", "transposePermutation reshapeShape", "Transpose")
def depth_first(store, node):
    require(list(store.attribute(node, "perm")) == [0, 1, 4, 2, 5, 3])
    before = store.producer(node.input[0])
    batch, channels, rows, columns, height, width = store.array(before.input[1])
    store.write_input(before, 1, np.array([batch, rows, columns, channels, height, width]))
    store.set(node, perm=[0, 3, 4, 1, 5, 2])
    (after,) = store.consumers(node.output[0])
    return before.name, node.name, after.name


def reassigned(store, layers, sources):
    """Gives each layer the arrays of the layer beside it; returns the first that changes."""
    first = None
    taken = [source.arrays for source in sources]
    for layer, arrays in zip(layers, taken):
        if layer.arrays is not arrays:
            first = first or layer.name
            store.put(layer, **{role: array.copy() for role, array in arrays.items()})
    require(first)
    return (first,)


@on_files(15, "layers in alphabetical order", "tensorFromElsewhere tensorsExchanged")
def alphabetical(store):
    for kind in ("conv", "dense", "norm"):
        for group in layers_alike(store, kind):
            by_name = sorted(group, key=lambda layer: layer.name)
            if [a.name for a in by_name] != [b.name for b in group]:
                return reassigned(store, group, by_name)
    require(False)


def swapped(store, kind):
    groups = layers_alike(store, kind)
    require(groups)
    a, b = groups[-1][-2:]
    return reassigned(store, [a, b], [b, a])


@on_files(15, "two convolutions swapped", "tensorsExchanged")
def convs_swapped(store):
    return swapped(store, "conv")


@on_files(15, "two dense layers swapped", "tensorsExchanged")
def dense_swapped(store):
    return swapped(store, "dense")


@on_files(16, "statistics of all norms stored last", "tensorFromElsewhere tensorsExchanged")
def statistics_last(store):
    groups = layers_alike(store, "norm")
    require(groups)
    a, b = groups[0][:2]
    first = {"weight": a.get("weight"), "bias": a.get("bias"), "mean": b.get("weight"),
             "variance": b.get("bias")}  # fmt: skip
    second = {"weight": a.get("mean"), "bias": a.get("variance"), "mean": b.get("mean"),
              "variance": b.get("variance")}  # fmt: skip
    store.put(a, **first)
    store.put(b, **second)
    return (a.name,)


@on_files(16, "every layer has the next one's weights", "tensorFromElsewhere")
def shifted_layers(store):
    groups = layers_alike(store, "conv", 3)
    require(groups)
    return reassigned(store, groups[0], groups[0][1:] + groups[0][:1])
