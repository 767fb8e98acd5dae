"""Imports torchvision's models and transforms without its compiled extension.

The wheel on PyPI is linked against the CUDA build of PyTorch. With the CPU
build its extension does not load, and importing torchvision stops at the first
operator that it expects to find. Declaring those operators is enough: neither
the networks nor the picture transforms ever call them.
"""

from importlib.metadata import version

import torch

if torch.version.cuda is None and not version("torchvision").endswith("+cpu"):
    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402,F401
from torchvision import models, transforms  # noqa: E402,F401
