"""Operators of onnx.reference whose own form is slow, or other than the specification."""

import numpy as np
import torch
from onnx.reference.op_run import OpRun


def spatial(x, kernel, auto_pad, pads, strides, dilations, ceil=False):
    """Resolved pads and output sizes, after the specification of convolutions and pools."""
    sizes, begins, ends = [], [], []
    for axis, size in enumerate(x.shape[2:]):
        window, stride = (kernel[axis] - 1) * dilations[axis] + 1, strides[axis]
        begin, end = pads[axis], pads[axis + len(kernel)]
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            total = max((-(-size // stride) - 1) * stride + window - size, 0)
            begin = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
            end = total - begin
        length = size + begin + end - window
        count = (-(-length // stride) if ceil else length // stride) + 1
        if ceil and (count - 1) * stride >= size + begin:
            count -= 1
        sizes.append(count)
        begins.append(begin)
        ends.append(end)
    return sizes, begins, ends


class Conv(OpRun):
    """Convolution by PyTorch: the reference's own takes seconds."""

    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None,
             pads=None, strides=None):  # fmt: skip
        dilations, strides = dilations or [1, 1], strides or [1, 1]
        _, (top, left), (bottom, right) = spatial(
            x, w.shape[2:], auto_pad, pads or [0] * 4, strides, dilations)
        padded = torch.nn.functional.pad(torch.from_numpy(x), (left, right, top, bottom))
        bias = None if b is None else torch.from_numpy(b.copy())
        y = torch.nn.functional.conv2d(
            padded, torch.from_numpy(w.copy()), bias, tuple(strides), 0, tuple(dilations),
            group or 1)
        return (y.numpy(),)


def pooled(x, reduce, options):
    """Windows over what lies inside the picture, or inside its padding; `reduce` makes values."""
    kernel, ones = options["kernel_shape"], [1] * (x.ndim - 2)
    strides, dilations = options.get("strides") or ones, options.get("dilations") or ones
    sizes, begins, ends = spatial(
        x, kernel, options.get("auto_pad"), options.get("pads") or [0, 0] * len(ones), strides,
        dilations, bool(options.get("ceil_mode")))
    y = np.empty((*x.shape[:2], *sizes))
    for index in np.ndindex(*sizes):
        taps, padded = [], 1
        for axis in range(len(ones)):
            start = index[axis] * strides[axis] - begins[axis]
            places = start + np.arange(kernel[axis]) * dilations[axis]
            size = x.shape[2 + axis]
            padded *= (places < size + ends[axis]).sum()
            taps.append(places[(places >= 0) & (places < size)])
        window = x[np.ix_(*map(np.arange, x.shape[:2]), *taps)]
        y[(..., *index)] = reduce(window.reshape(*x.shape[:2], -1), padded)
    return y


class MaxPool(OpRun):
    def _run(self, x, **options):
        return (pooled(x, lambda window, _: window.max(2, initial=-np.inf), options),)


class AveragePool(OpRun):
    def _run(self, x, **options):
        counts = bool(options.get("count_include_pad"))

        def mean(window, padded):
            return window.sum(2) / (padded if counts else window.shape[2])

        return (pooled(x, mean, options),)


class LRN(OpRun):
    """By PyTorch: the reference's own takes the batch for the number of channels."""

    def _run(self, x, alpha=None, beta=None, bias=None, size=None):
        y = torch.nn.functional.local_response_norm(torch.from_numpy(x), size, alpha, beta, bias)
        return (y.numpy(),)


class BatchNormalization(OpRun):
    """At inference; below opset 14 the reference takes the batch's own statistics."""

    def _run(self, x, scale, shift, mean, variance, epsilon=None, **_):
        def by_channel(array):
            return array.reshape(-1, *[1] * (x.ndim - 2))

        gain = by_channel(scale / np.sqrt(variance + (1e-5 if epsilon is None else epsilon)))
        return ((x - by_channel(mean)) * gain + by_channel(shift),)


class Softmax(OpRun):
    """As below opset 13, where everything from the axis on is one row; the reference's is not."""

    def _run(self, x, axis=None):
        rows = x.reshape(int(np.prod(x.shape[: 1 if axis is None else axis])), -1)
        powers = np.exp(rows - rows.max(1, keepdims=True))
        return ((powers / powers.sum(1, keepdims=True)).reshape(x.shape),)


OPERATORS = [Conv, MaxPool, AveragePool, LRN, BatchNormalization]
for _operator in (*OPERATORS, Softmax):
    _operator.op_domain = ""
