"""Mistakes about normalisations of batches and of local responses: 29 to 37."""

import numpy as np

from mutate.mistakes import on_layers, on_nodes, require

NORM = "BatchNormalization"


@on_nodes(29, "1e-5 for 1e-3, or the reverse", "normalizationEpsilon", NORM)
def epsilon(store, node):
    store.set(node, epsilon=1e-5 if store.attribute(node, "epsilon", 1e-5) > 1e-4 else 1e-3)


@on_nodes(29, "darknet's 1e-6", "normalizationEpsilon", NORM)
def epsilon_of_darknet(store, node):
    store.set(node, epsilon=1e-6)


@on_layers(30, "√variance + ε", "normalizationFolding varianceIsDeviation", "norm")
def epsilon_outside(store, layer):
    require(hasattr(store, "graph"))
    value = store.attribute(store.node(layer.name), "epsilon", 1e-5)
    variance = layer.get("variance").astype(np.float64)
    store.put(layer, variance=(np.sqrt(variance) + value) ** 2 - value)


@on_layers(30, "deviation for variance", "varianceIsDeviation", "norm")
def deviation(store, layer):
    store.put(layer, variance=np.sqrt(layer.get("variance")))


@on_layers(30, "1/deviation for variance", "varianceIsInverseDeviation", "norm")
def inverse_deviation(store, layer):
    store.put(layer, variance=1 / np.sqrt(layer.get("variance")))


@on_layers(32, "sums not divided", "statisticsScaled", "norm")
def factor(store, layer):
    by = np.float32(999.98236)
    store.put(layer, mean=layer.get("mean") * by, variance=layer.get("variance") * by)


@on_layers(33, "gamma 1", "scaleIgnored", "norm")
def fixed_gamma(store, layer):
    store.put(layer, weight=np.ones_like(layer.get("weight")))


def folded(store, layer, node):
    """The convolution's weight and bias with the normalisation behind it worked in."""
    arrays = store.arrays_of(node)
    epsilon = store.attribute(node, "epsilon", 1e-5)
    gain = arrays["weight"] / np.sqrt(arrays["variance"].astype(np.float64) + epsilon)
    weight = layer.get("weight") * gain[:, None, None, None]
    bias = layer.arrays.get("bias", 0)
    return weight, (bias - arrays["mean"]) * gain + arrays["bias"]


@on_layers(34, "folded, and applied again", "normalizationTwice", "conv")
def normalised_twice(store, layer):
    require(hasattr(store, "graph"))
    node = store.node(layer.name)
    after = store.only_consumer(node)
    require(after is not None and after.op_type == NORM and "bias" in layer.arrays)
    weight, bias = folded(store, layer, after)
    store.put(layer, weight=weight, bias=bias)
    return layer.name, after.name


@on_nodes(34, "lost without being folded", "normalizationMissing", NORM)
def normalisation_lost(store, node):
    before = store.producer(node.input[0])
    after = store.only_consumer(node)
    store.remove(node)
    return before.name, node.name, *([after.name] if after is not None else [])


@on_nodes(35, "divided by the size", "lrnAlphaDivision", "LRN")
def alpha_divided(store, node):
    size = store.attribute(node, "size")
    store.set(node, alpha=store.attribute(node, "alpha", 1e-4) / size)


@on_nodes(35, "multiplied by the size", "lrnAlphaDivision", "LRN")
def alpha_multiplied(store, node):
    size = store.attribute(node, "size")
    store.set(node, alpha=store.attribute(node, "alpha", 1e-4) * size)


@on_nodes(36, "size for radius", "lrnSize", "LRN")
def size_for_radius(store, node):
    store.set(node, size=2 * store.attribute(node, "size") + 1)


@on_nodes(36, "bias 1 for 2, or the reverse", "lrnBias", "LRN")
def response_bias(store, node):
    store.set(node, bias=3 - store.attribute(node, "bias", 1.0))


@on_nodes(37, "pool before LRN", "layersReordered", "LRN")
def pool_first(store, node):
    pool = store.only_consumer(node)
    require(pool is not None and pool.op_type == "MaxPool")
    source, between, end = node.input[0], node.output[0], pool.output[0]
    order = store.nodes.index(node)
    pool.input[0], pool.output[0], node.input[0], node.output[0] = source, between, between, end
    store.graph.node.remove(pool)
    store.graph.node.insert(order, pool)
    return node.name, pool.name
