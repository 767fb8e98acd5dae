"""Layers with weights, in one form whatever the file: what mistakes about weights are made on.

Weights are in PyTorch's orders here: kernels [out, in/group, height, width], dense weights
[out, in], each statistic [channels]. A store turns them into its file's order.
"""

import dataclasses

import numpy as np

ROLES = ("weight", "bias", "mean", "variance")  # of a norm; scale and shift are weight and bias


class Unfit(Exception):
    """The mistake cannot be made here."""


@dataclasses.dataclass
class Layer:
    name: str
    kind: str  # conv, dense, norm, prelu
    arrays: dict  # role -> array
    group: int = 1
    # [C, H, W] of the picture whose flattening a dense layer reads, and its order in the file.
    picture: tuple | None = None
    order: str = "CHW"

    def get(self, role):
        if role not in self.arrays:
            raise Unfit(f"{self.name} has no {role}")
        return self.arrays[role].copy()

    @property
    def is_square(self):
        return self.arrays["weight"].shape[0] == self.arrays["weight"].shape[1]

    def shapes(self):
        return {role: array.shape for role, array in self.arrays.items()}


def layers_alike(store, kind, count=2):
    """Groups of layers that have the same kind and shapes, each in graph order."""
    groups = {}
    for layer in store.layers():
        if layer.kind == kind:
            groups.setdefault(str(sorted(layer.shapes().items())), []).append(layer)
    return [group for group in groups.values() if len(group) >= count]


def changed(before, after):
    return before.tobytes() != np.ascontiguousarray(after, before.dtype).tobytes()
