"""The table of mistakes: what each changes, where it can be made, and what it should be called."""

import dataclasses
from typing import Callable

from mutate.layers import Unfit

# Number in the list of mistakes seen in real converters -> the mistake in a few words.
KINDS = {
    1: "dense weights behind a flattening not reordered",
    2: "the same reordered although a Transpose is kept",
    3: "channels-first Flatten taken for C·H·W order",
    4: "dense kernel not transposed",
    5: "convolution kernel's axes confused",
    6: "kernel flipped",
    7: "depthwise kernel of two outputs a channel",
    8: "grouped kernel reordered",
    9: "transposed convolution's kernel",
    10: "axis not remapped between NHWC and NCHW",
    11: "normalisation's arrays in another order",
    12: "beta read as gamma",
    13: "PReLU's slope along the wrong axis",
    14: "pixel shuffle DCR for CRD",
    15: "groups of a file read alphabetically; layers swapped",
    16: "weights shifted to the next layer; statistics stored last",
    17: "SAME padding on the wrong side",
    18: "SAME padding fixed at another size",
    19: "order of the four pads",
    20: "uneven pads made even; padding of zeros before a maximum",
    21: "pools that round down for up",
    22: "window kept that begins in the end padding",
    23: "count_include_pad",
    24: "count_include_pad where a window is cut by ceil_mode",
    25: "adaptive pool made a fixed one",
    26: "batch size in a Reshape",
    27: "AlexNet's first padding",
    28: "fully convolutional fc6 of H·W·C rows",
    29: "normalisation's epsilon",
    30: "√variance + ε; deviation stored as variance",
    31: "normalisation's momentum",
    32: "Caffe's factor of the statistics",
    33: "fix_gamma",
    34: "normalisation folded and applied again, or lost",
    35: "LRN's alpha divided by the size or not",
    36: "LRN's size for its radius; its bias",
    37: "LRN and pool swapped",
    38: "LeakyReLU's slope",
    39: "hard sigmoid's slope",
    40: "ReLU6 read as ReLU",
    41: "GELU's tanh; ELU's alpha; Swish's beta",
    42: "Softmax below opset 13 taken by axis",
    43: "Softmax twice, or missing",
    44: "halved as for dropout of 2012",
    45: "BGR for RGB",
    46: "scale and mean of pixels",
    47: "Resize's coordinates",
    48: "labels off by one, or sorted",
    49: "weights listed as inputs",
    50: "parameters not found behind a Constant",
    51: "tensors matched by their numbered names",
    52: "shared weight transposed for each use",
    53: "averages or an optimizer's state read as weights",
    54: "strides or offset of a view ignored",
    55: "float64 kept",
    56: "float16: rounding and clamping",
    57: "bfloat16 truncated; bits of float16 read as numbers",
    58: "byte order",
    59: "external data at the wrong offset",
    60: "counters read as statistics",
    61: "loose comparison",
}
OTHERS = {  # of no number there
    "a": "dilations ignored",
    "b": "one bit of one weight flipped",
}


@dataclasses.dataclass
class Mistake:
    kind: int | str
    words: str
    causes: tuple
    # store -> names of places where it might be made
    places: Callable
    # (store, place) -> None, or the names of all layers where it may be said to begin
    edit: Callable

    def made(self, store, place):
        """A copy of `store` with the mistake at `place`, and the layers where it begins."""
        copy = store.copy()
        return copy, tuple(self.edit(copy, place) or (place,))


MISTAKES = []


def on_nodes(kind, words, causes, *operators):
    """For edits of ONNX nodes: edit(store, node) -> layers, or None for the node's own name."""

    def register(edit):
        def places(store):
            if not hasattr(store, "graph"):
                return []
            return [n.name for n in store.nodes if n.op_type in operators]

        def by_name(store, place):
            return edit(store, store.node(place))

        MISTAKES.append(Mistake(kind, words, causes.split(), places, by_name))
        return edit

    return register


def on_layers(kind, words, causes, *kinds):
    """For edits of weights in any file: edit(store, layer)."""

    def register(edit):
        def places(store):
            return [layer.name for layer in store.layers() if layer.kind in kinds]

        def by_name(store, place):
            layer = next(layer for layer in store.layers() if layer.name == place)
            return edit(store, layer)

        MISTAKES.append(Mistake(kind, words, causes.split(), places, by_name))
        return edit

    return register


def on_files(kind, words, causes):
    """For edits that choose their places themselves: edit(store) -> layers."""

    def register(edit):
        MISTAKES.append(Mistake(
            kind, words, causes.split(), lambda store: [""], lambda store, _: edit(store)))
        return edit

    return register


def require(condition, why="does not apply"):
    if not condition:
        raise Unfit(why)
