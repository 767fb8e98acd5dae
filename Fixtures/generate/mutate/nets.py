"""The good networks in ONNX: a home for every mistake, small, and no two sizes alike.

Each takes a seed and gives a model whose input is [N, C, H, W] with C, H, W all different.
"""

import numpy as np

from mutate.builder import Builder


def stem(seed):
    """Normalisations of small variances, uneven pads, ReLU6, dense layers behind a picture."""
    b = Builder("stem", (3, 17, 14), seed)
    x = b.conv("x", "conv1", (6, 3, 3, 5), pads=[1, 3, 0, 1])
    x = b.node("Relu", "relu1", b.norm(x, "bn1", 1e-3, variance=0.004))
    x = b.node("MaxPool", "pool1", x, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1],
               ceil_mode=1)  # fmt: skip
    x = b.norm(b.conv(x, "conv2", (6, 6, 3, 3), pads=[1, 1, 1, 1]), "bn2", variance=0.01, gain=2)
    low, high = (b.tensor(f"relu6_{n}", np.float32(v)) for n, v in (("min", 0), ("max", 6)))
    x = b.node("Clip", "relu6", x, low, high)
    x = b.node("Relu", "relu3", b.conv(x, "conv3", (6, 6, 3, 3), pads=[1, 0, 0, 1]))
    x = b.node("AveragePool", "pool3", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.node("Flatten", "flatten", x)
    x = b.node("Tanh", "tanh1", b.dense(x, "fc1", 9))
    x = b.node("Relu", "relu5", b.dense(x, "fc2", 9))
    x = b.node("Relu", "relu6b", b.dense(x, "fc3", 9))
    return b.finished(b.dense(x, "fc4", 7))


def towers(seed):
    """Groups, depthwise with two outputs a channel, dilation, branches, padded averages."""
    b = Builder("towers", (4, 15, 18), seed)
    x = b.conv("x", "conv1", (8, 2, 3, 3), group=2, pads=[1, 1, 1, 1])
    x = b.node("LeakyRelu", "leaky1", x, alpha=0.3)
    x = b.conv(x, "depthwise", (16, 1, 5, 3), group=8, pads=[2, 1, 2, 1], bias=False)
    x = b.node("Elu", "elu", b.norm(x, "bn", 1e-3, variance=0.05), alpha=0.7)
    x = b.conv(x, "dilated", (10, 16, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2], factor=3)
    x = b.node("HardSigmoid", "hard", x, alpha=1 / 6, beta=0.5)
    left = b.node("Relu", "left_relu", b.conv(x, "left", (6, 10, 1, 1)))
    right = b.node("AveragePool", "right_pool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    right = b.conv(right, "right", (6, 10, 3, 3), pads=[1, 1, 1, 1])
    total = b.node("Relu", "total_relu", b.node("Add", "total", left, right))
    x = b.node("Concat", "concat", total, right, axis=1)
    x = b.node("AveragePool", "pool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
               ceil_mode=1, count_include_pad=1)  # fmt: skip
    x = b.node("Relu", "mixed_relu", b.conv(x, "mixed", (8, 6, 3, 2), group=2, pads=[0, 1, 2, 0]))
    x = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "gap", x))
    x = b.node("Relu", "fc1_relu", b.dense(x, "fc1", 8))
    return b.finished(b.dense(x, "fc2", 6))


def alex(seed):
    """AlexNet in small: 11 x 11 windows, local responses, groups, convolutions for fc6 and fc7."""
    b = Builder("alex", (3, 43, 51), seed)
    x = b.node("Relu", "relu1", b.conv("x", "conv1", (8, 3, 11, 11), strides=[4, 4], pads=[2] * 4))
    x = b.node("LRN", "norm1", x, size=5, alpha=0.5, beta=0.75, bias=2.0)
    x = b.node("MaxPool", "pool1", x, kernel_shape=[3, 3], strides=[2, 2])
    x = b.node("Relu", "relu2", b.conv(x, "conv2", (10, 4, 5, 5), group=2, pads=[2] * 4))
    x = b.node("LRN", "norm2", x, size=3, alpha=0.8, beta=0.75, bias=1.0)
    x = b.node("MaxPool", "pool2", x, kernel_shape=[2, 2])
    x = b.node("Relu", "relu3", b.conv(x, "conv3", (10, 10, 3, 3), pads=[1] * 4))
    x = b.node("Relu", "relu4", b.conv(x, "conv4", (10, 10, 3, 3), pads=[1] * 4))
    x = b.node("Relu", "relu6", b.conv(x, "fc6", (12, 10, 3, 4)))
    x = b.node("Relu", "relu7", b.conv(x, "fc7", (12, 12, 1, 1)))
    x = b.node("Flatten", "flatten", x)
    return b.finished(b.node("Softmax", "prob", b.dense(x, "fc8", 8), axis=1))


def pixels(seed):
    """Padding before a pool, SAME, PReLU, shuffles of channels and pixels, resizing, softmax."""
    b = Builder("pixels", (2, 16, 20), seed)
    x = b.conv("x", "conv0", (6, 2, 3, 3), offset=-3, auto_pad="SAME_UPPER")
    low = b.tensor("pad_value", np.float32(np.finfo(np.float32).min))
    x = b.node("Pad", "pad", x, b.integers("pad_pads", [0, 0, 1, 0, 0, 0, 0, 2]), low)
    x = b.node("MaxPool", "pool", x, kernel_shape=[3, 3], strides=[2, 2])
    x = b.conv(x, "conv1", (5, 6, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER", offset=1)
    slope = b.values("prelu.slope", (5, 1, 1), "running_var", 1, 0.3)
    x = b.node("PRelu", "prelu", x, b.tensor("prelu.slope", slope))
    x = b.conv(x, "conv2", (12, 5, 1, 1))
    x = b.node("Reshape", "groups", x, b.integers("groups_shape", [-1, 3, 4, 4, 5]))
    x = b.node("Transpose", "shuffle", x, perm=[0, 2, 1, 3, 4])
    x = b.node("Reshape", "ungroup", x, b.integers("ungroup_shape", [-1, 12, 4, 5]))
    x = b.node("Relu", "relu2", b.conv(x, "conv2b", (12, 12, 3, 3), pads=[1, 1, 1, 1]))
    x = b.node("Reshape", "blocks", x, b.integers("blocks_shape", [-1, 3, 2, 2, 4, 5]))
    x = b.node("Transpose", "crd", x, perm=[0, 1, 4, 2, 5, 3])
    x = b.node("Reshape", "unblock", x, b.integers("unblock_shape", [-1, 3, 8, 10]))
    scales = b.tensor("resize_scales", np.array([1, 1, 2, 2], np.float32))
    x = b.node("Resize", "resize", x, "", scales, mode="linear",
               coordinate_transformation_mode="half_pixel")  # fmt: skip
    x = b.node("Softmax", "soft", x, axis=1)
    x = b.node("Relu", "head_relu", b.conv(x, "head", (5, 3, 3, 3), pads=[0, 1, 2, 1], factor=3))
    narrow = b.tensor("nearest_scales", np.array([1, 1, 1.5, 1.5], np.float32))
    x = b.node("Resize", "nearest", x, "", narrow, mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")  # fmt: skip
    return b.finished(b.conv(x, "last", (4, 5, 2, 3)))


def gates(seed):
    """Smooth activations, some spelled out, and arithmetic on pictures before the first layer."""
    b = Builder("gates", (3, 9, 12), seed)
    mean = b.tensor("mean", np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1))
    deviation = b.tensor("deviation", np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1))
    x = b.node("Mul", "rescale", "x", b.tensor("per_255", np.float32(1 / 255 * 128)))
    x = b.node("Div", "standardise", b.node("Sub", "centre", x, mean), deviation)
    x = gelu(b, b.conv(x, "conv1", (5, 3, 3, 3), pads=[1, 0, 1, 2]), "gelu")
    x = b.node("HardSwish", "hardswish", b.conv(x, "conv2", (6, 5, 2, 3), pads=[1, 1, 0, 1]))
    x = b.conv(x, "conv3", (6, 6, 3, 3), pads=[1, 1, 1, 1])
    x = b.node("Mul", "swish", x, b.node("Sigmoid", "swish_sigmoid", x))
    x = b.node("Selu", "selu", b.conv(x, "conv4", (6, 6, 3, 3), pads=[1, 1, 1, 1]))
    x = b.node("Elu", "elu", b.conv(x, "conv5", (7, 6, 3, 3), pads=[0, 1, 0, 1]), alpha=0.5)
    x = b.node("AveragePool", "adaptive", x, kernel_shape=[2, 3], strides=[2, 3])
    x = b.node("Flatten", "flatten", x)
    return b.finished(b.dense(x, "fc", 6, transposed=False))


def gelu(b, x, name):
    half, one, root = (b.tensor(f"{name}_{n}", np.float32(v))
                       for n, v in (("half", 0.5), ("one", 1), ("root", 2**0.5)))  # fmt: skip
    inner = b.node("Erf", f"{name}_erf", b.node("Div", f"{name}_div", x, root))
    inner = b.node("Add", f"{name}_add", inner, one)
    return b.node("Mul", f"{name}_half", b.node("Mul", name, x, inner), half)


def deep(seed):
    """Eleven layers of one shape, sums around them, and weights that two layers share."""
    b = Builder("deep", (4, 10, 8), seed)
    x = "x"
    for i in range(1, 12):
        y = b.conv(x, f"conv{i}", (4, 4, 3, 3), pads=[1, 1, 1, 1], bias=i % 2 == 0)
        if i in (1, 4, 5, 9):
            y = b.norm(y, f"bn{i}", (1e-3, 1e-5)[i % 2], variance=0.02 * i, gain=0.25)
        y = b.node("Relu", f"relu{i}", y)
        x = b.node("Add", f"add{i}", x, y) if i % 3 == 0 else y
    x = b.node("MaxPool", "pool", x, kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1)
    x = b.node("Flatten", "flatten", x)
    x = b.node("Tanh", "tanh1", b.dense(x, "fc1", 8, transposed=False))
    shared = b.tensor("shared.weight", b.values("shared.weight", (8, 8), "weight", 8))
    x = b.node("Tanh", "tanh2", b.node("MatMul", "shared1", x, shared))
    x = b.node("Tanh", "tanh3", b.node("MatMul", "shared2", x, shared))
    return b.finished(b.node("Softmax", "prob", b.dense(x, "fc2", 6, transposed=False), axis=1))


def thin(seed):
    """Pools of awkward ends, a pad that only some sizes need, a Softmax of opset 11."""
    b = Builder("thin", (2, 13, 21), seed, opset=11)
    x = b.conv("x", "conv1", (5, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    x = b.node("Relu", "relu1", b.norm(x, "bn1", 1e-3, variance=0.01))
    x = b.node("AveragePool", "ends", x, kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1],
               ceil_mode=1, count_include_pad=1)  # fmt: skip
    x = b.node("Softmax", "soft", b.conv(x, "conv2", (6, 5, 2, 1), pads=[1, 0, 0, 0]), axis=1)
    x = b.norm(b.conv(x, "conv3", (6, 6, 1, 1), factor=4), "bn3", variance=2e4, gain=100)
    x = b.node("Relu", "relu3", x)
    x = b.node("MaxPool", "round_up", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = b.node("Relu", "relu4", b.conv(x, "conv4", (7, 6, 3, 3), pads=[1, 1, 1, 1]))
    x = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "gap", x))
    return b.finished(b.dense(x, "fc", 5))


NETWORKS = (stem, towers, alex, pixels, gates, deep, thin)
