"""Slow, plain references in float64 that the operator cases are checked against.

They share no code with ONNX Runtime: a case whose two answers differ is not
written.
"""

import itertools
import math

import numpy as np
import torch
from torch.nn import functional


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array)).double()


def window(size, kernel, stride, dilation, begin, end, auto_pad, ceil_mode=False):
    """Output size and the two pads of one spatial axis."""
    reach = (kernel - 1) * dilation + 1
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        out = math.ceil(size / stride)
        total = max((out - 1) * stride + reach - size, 0)
        begin, end = total // 2, total - total // 2
        if auto_pad == "SAME_LOWER":
            begin, end = end, begin
        return out, begin, end
    if auto_pad == "VALID":
        begin = end = 0
    steps = (size + begin + end - reach) / stride
    out = (math.ceil(steps) if ceil_mode else math.floor(steps)) + 1
    if ceil_mode and (out - 1) * stride >= size + begin:
        out -= 1
    return out, begin, end


def spatial(shape, kernel, attributes):
    """`window` of each spatial axis, with the attributes' defaults filled in."""
    rank = len(kernel)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    pads = attributes.get("pads", [0] * (2 * rank))
    auto_pad = attributes.get("auto_pad", "NOTSET")
    ceil_mode = attributes.get("ceil_mode", 0) == 1
    rows = [
        window(shape[i], kernel[i], strides[i], dilations[i], pads[i], pads[i + rank], auto_pad, ceil_mode)
        for i in range(rank)
    ]  # fmt: skip
    return rows, strides, dilations


def conv(x, w, b=None, **attributes):
    rows, strides, dilations = spatial(x.shape[2:], w.shape[2:], attributes)
    (_, top, bottom), (_, left, right) = rows
    padded = functional.pad(tensor(x), (left, right, top, bottom))
    return functional.conv2d(
        padded,
        tensor(w),
        None if b is None else tensor(b),
        stride=strides,
        dilation=dilations,
        groups=attributes.get("group", 1),
    ).numpy()


def pool(x, average, **attributes):
    kernel = attributes["kernel_shape"]
    rows, strides, dilations = spatial(x.shape[2:], kernel, attributes)
    counted = attributes.get("count_include_pad", 0) == 1
    height, width = x.shape[2:]
    (rows_out, top, bottom), (columns_out, left, right) = rows
    out = np.empty((*x.shape[:2], rows_out, columns_out))
    for i, j in itertools.product(range(rows_out), range(columns_out)):
        ys = [i * strides[0] - top + k * dilations[0] for k in range(kernel[0])]
        xs = [j * strides[1] - left + k * dilations[1] for k in range(kernel[1])]
        inside = [v for v in ys if 0 <= v < height], [v for v in xs if 0 <= v < width]
        cells = x[:, :, inside[0]][:, :, :, inside[1]].astype(np.float64)
        if not average:
            out[:, :, i, j] = cells.max((2, 3))
            continue
        if counted:
            divisor = sum(v < height + bottom for v in ys) * sum(v < width + right for v in xs)
        else:
            divisor = len(inside[0]) * len(inside[1])
        out[:, :, i, j] = cells.sum((2, 3)) / divisor
    return out


def max_pool(x, **attributes):
    return pool(x, False, **attributes)


def average_pool(x, **attributes):
    return pool(x, True, **attributes)


def lrn(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    x = x.astype(np.float64)
    total = np.zeros_like(x)
    channels = x.shape[1]
    for c in range(channels):
        low = max(c - (size - 1) // 2, 0)
        high = min(c + math.ceil((size - 1) / 2), channels - 1)
        total[:, c] = (x[:, low : high + 1] ** 2).sum(1)
    return x / (bias + alpha / size * total) ** beta


def softmax(x, axis, flat, log=False):
    """flat: the meaning below opset 13, everything from `axis` on is one row."""
    shape, x = x.shape, x.astype(np.float64)
    if flat:
        axis %= len(shape)
        x, axis = x.reshape(math.prod(shape[:axis]), -1), 1
    x = x - x.max(axis, keepdims=True)
    total = np.exp(x).sum(axis, keepdims=True)
    return (x - np.log(total) if log else np.exp(x) / total).reshape(shape)


def batch_norm(x, scale, bias, mean, var, epsilon=1e-5):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    scale, bias, mean, var = (v.astype(np.float64).reshape(shape) for v in (scale, bias, mean, var))
    return (x - mean) / np.sqrt(var + epsilon) * scale + bias


def gemm(a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):
    a, b = a.astype(np.float64), b.astype(np.float64)
    out = alpha * ((a.T if transA else a) @ (b.T if transB else b))
    return out if c is None else out + beta * c.astype(np.float64)


def pad(x, pads, mode="constant", value=0.0):
    rank = x.ndim
    crop = tuple(
        slice(max(-pads[i], 0), x.shape[i] - max(-pads[i + rank], 0)) for i in range(rank)
    )
    widths = [(max(pads[i], 0), max(pads[i + rank], 0)) for i in range(rank)]
    extra = {"constant_values": value} if mode == "constant" else {}
    return np.pad(x[crop], widths, mode=mode, **extra)
