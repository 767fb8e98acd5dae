"""Mistakes about files and numbers: 50 to 60, and some of no number."""

import re

import numpy as np

import recipe
from mutate.layers import layers_alike
from mutate.layout import reassigned
from mutate.mistakes import on_files, on_layers, on_nodes, require


@on_nodes(50, "bias lost", "biasMissing", "Conv", "Gemm")
def bias_lost(store, node):
    require(len(node.input) == 3)
    del node.input[2]


@on_layers(50, "bias zeros", "biasMissing", "conv", "dense")
def bias_zeros(store, layer):
    require(not hasattr(store, "graph"))
    store.put(layer, bias=np.zeros_like(layer.get("bias")))


@on_files(51, "numbers sorted as words", "tensorsExchanged tensorFromElsewhere")
def numbers_as_words(store):
    require(hasattr(store, "graph"))
    for group in layers_alike(store, "conv"):
        labels = {layer.name: store.node(layer.name).input[1] for layer in group}
        if not all(re.search(r"\d+$", label) for label in labels.values()):
            continue
        order = sorted(group, key=lambda layer: labels[layer.name])
        if order != group:
            return reassigned(store, group, order)
        return reassigned(store, group, group[::-1])
    require(False)


@on_files(51, "equal shapes merged into one tensor", "tensorFromElsewhere")
def merged(store):
    for kind in ("conv", "dense", "norm"):
        for group in layers_alike(store, kind):
            if "bias" in group[0].arrays:
                store.put(group[1], bias=group[0].get("bias"))
                return (group[1].name,)
    require(False)


@on_files(52, "second use transposed", "denseTransposed")
def shared_twice(store):
    require(hasattr(store, "graph"))
    seen = {}
    for node in store.nodes:
        for index, label in enumerate(node.input):
            if store.has(label) and label in seen and seen[label] is not node:
                array = store.array(label)
                require(array.ndim == 2 and array.shape[0] == array.shape[1])
                store.write_input(node, index, array.T)
                return (node.name,)
            seen[label] = node
    require(False)


@on_files(53, "averages for weights", "unknown")
def averages(store):
    first = None
    for layer in store.layers():
        if layer.kind not in ("conv", "dense"):
            continue
        first = first or layer.name
        weight = layer.get("weight")
        noise = recipe.values(f"{layer.name}/average", 3, weight.shape, *recipe.scale("bias"))
        store.put(layer, weight=weight * np.float32(0.9) + noise * np.float32(0.1) * weight.std())
    return (first,)


@on_layers(54, "channels-last strides ignored", "kernelLayout", "conv")
def strides_ignored(store, layer):
    weight = layer.get("weight")
    require(weight.shape[1] > 1 and max(weight.shape[2:]) > 1)
    store.put(layer, weight=weight.transpose(0, 2, 3, 1).reshape(weight.shape))


@on_layers(54, "strides of a transposed view ignored", "denseTransposed", "dense")
def view_ignored(store, layer):
    weight = layer.get("weight")
    require(not layer.is_square and not (layer.picture and layer.order == "HWC"))
    store.put(layer, weight=weight.T.reshape(weight.shape))


@on_layers(54, "storage offset ignored", "elementsShifted", "conv", "dense")
def offset_ignored(store, layer):
    weight = layer.get("weight")
    skipped = 16 if weight.size > 32 else 4
    front = recipe.values(f"{layer.name}/front", 5, (skipped,), *recipe.scale("bias"))
    store.put(layer, weight=np.concatenate([front, weight.ravel()])[: weight.size]
              .reshape(weight.shape))  # fmt: skip


@on_layers(56, "rounded to float16", "roundedToFloat16", "conv", "dense")
def rounded(store, layer):
    store.put(layer, weight=layer.get("weight").astype(np.float16).astype(np.float32))


@on_layers(56, "clamped to 1e4", "clampedToFloat16", "norm")
def clamped(store, layer):
    variance = layer.get("variance")
    require(variance.max() > 1e4)
    store.put(layer, variance=np.clip(variance, np.float32(1e-7), np.float32(1e4)))


@on_layers(57, "truncated to bfloat16", "truncatedToBFloat16", "conv", "dense")
def truncated(store, layer):
    weight = layer.get("weight")
    store.put(layer, weight=(weight.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32))


@on_layers(57, "bits of float16 read as numbers", "bitsAsNumbers", "conv", "dense")
def bits_as_numbers(store, layer):
    bits = layer.get("weight").astype(np.float16).view(np.uint16)
    store.put(layer, weight=bits.astype(np.float32))


@on_layers(58, "weight's bytes reversed", "bytesSwapped", "conv", "dense")
def bytes_of_weight(store, layer):
    store.put(layer, weight=layer.get("weight").byteswap())


@on_layers(58, "bias's bytes reversed", "bytesSwapped", "conv", "dense", "norm")
def bytes_of_bias(store, layer):
    store.put(layer, bias=layer.get("bias").byteswap())


@on_layers(59, "one element off", "elementsShifted", "conv", "dense")
def element_off(store, layer):
    weight = layer.get("weight")
    store.put(layer, weight=np.roll(weight.ravel(), -1).reshape(weight.shape))


@on_files(59, "another layer's bytes", "tensorFromElsewhere")
def other_bytes(store):
    for kind in ("conv", "dense"):
        for group in layers_alike(store, kind):
            store.put(group[-1], weight=group[0].get("weight"))
            return (group[-1].name,)
    require(False)


@on_layers(60, "batches counted as variance", "constant", "norm")
def counter(store, layer):
    store.put(layer, variance=np.full_like(layer.get("variance"), 1234))


@on_layers("b", "exponent's low bit", "bitFlipped", "conv", "dense")
def bit_flipped(store, layer):
    weight = layer.get("weight")
    bits = weight.view(np.uint32).ravel()
    bits[np.argmax(np.abs(weight))] ^= np.uint32(1 << 23)
    store.put(layer, weight=bits.view(np.float32).reshape(weight.shape))


@on_nodes("a", "1 for 2", "dilationsIgnored", "Conv")
def dilations_ignored(store, node):
    dilations = list(store.attribute(node, "dilations", [1, 1]))
    pads = list(store.attribute(node, "pads", [0] * 4))
    require(dilations == [2, 2] and pads == [2] * 4)
    store.set(node, dilations=[1, 1], pads=[1] * 4)
