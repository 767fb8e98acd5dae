"""The networks of the fixtures, twice: in PyTorch, and in Keras (channels last).

Layers with weights come in the same order in both, so the same weights can be
put into both.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

import keras_networks  # noqa: E402
from keras_networks import ALEXNET_DIVISOR, CLASSES, HIDDEN, VGG_DIVISOR  # noqa: E402
from vision import models  # noqa: E402

VGG = {
    "vgg11_narrow": ("A", False),
    "vgg16_narrow": ("D", False),
    "vgg16_bn_narrow": ("D", True),
}
NARROW = ["alexnet_narrow", *VGG]
LRN = "alexnet_lrn_narrow"  # no fixture: AlexNet with local response normalisation
LENETS = ["lenet5", "lenet5_tanh"]


class LeNet5(nn.Module):
    def __init__(self, tanh=False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.activation = nn.Tanh() if tanh else nn.ReLU()
        self.pool = nn.AvgPool2d(2) if tanh else nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(self.activation(self.conv1(x)))
        x = self.pool(self.activation(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = self.activation(self.fc1(x))
        x = self.activation(self.fc2(x))
        return self.fc3(x)


def narrow_vgg_widths(letter):
    widths = models.vgg.cfgs[letter]
    return [w if w == "M" else w // VGG_DIVISOR for w in widths]


def make_torch(name):
    """The PyTorch network called `name`, with whatever weights it is born with."""
    if name in LENETS:
        return LeNet5(tanh=name == "lenet5_tanh").eval()
    if name.startswith("alexnet"):
        model = models.AlexNet(num_classes=CLASSES)
        widths = [w // ALEXNET_DIVISOR for w in (64, 192, 384, 256, 256)]
        before = 3
        for place, width in zip((0, 3, 6, 8, 10), widths):
            old = model.features[place]
            model.features[place] = nn.Conv2d(
                before, width, old.kernel_size, old.stride, old.padding
            )
            before = width
        if name == LRN:
            for place in (1, 4):
                norm = nn.LocalResponseNorm(**keras_networks.LRN)
                model.features[place] = nn.Sequential(nn.ReLU(), norm)
            # The identity here, which one exporter cannot write behind a normalisation.
            model.avgpool = nn.Identity()
        first, side, places = before, 6, (1, 4, 6)
    else:
        letter, normed = VGG[name]
        widths = narrow_vgg_widths(letter)
        model = models.vgg.VGG(models.vgg.make_layers(widths, batch_norm=normed), CLASSES)
        first, side, places = widths[-2], 7, (0, 3, 6)
    sizes = [first * side * side, HIDDEN, HIDDEN, CLASSES]
    for place, inputs, outputs in zip(places, sizes, sizes[1:]):
        model.classifier[place] = nn.Linear(inputs, outputs)
    return model.eval()


def make_keras(name):
    """The Keras network called `name`. LeNet ends in logits, the others in softmax."""
    return keras_networks.make(keras, name)


def layers_with_weights(model):
    """(prefix, module) of every layer with weights."""
    kinds = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
    return [(name, module) for name, module in model.named_modules() if isinstance(module, kinds)]


def keras_arrays(model):
    """Each layer's arrays in Keras' order and layout, made from the PyTorch model."""
    result, channels = [], None
    for _, module in layers_with_weights(model):
        arrays = {key: value.detach().numpy() for key, value in module.state_dict().items()}
        if isinstance(module, nn.BatchNorm2d):
            order = ("weight", "bias", "running_mean", "running_var")
            result.append([arrays[key] for key in order])
            continue
        weight = arrays["weight"]
        if isinstance(module, nn.Conv2d):
            channels = weight.shape[0]
            kernel = weight.transpose(2, 3, 1, 0)
        else:
            if channels:  # the first dense layer: its rows were C, H, W
                side = int(round((weight.shape[1] // channels) ** 0.5))
                weight = weight.reshape(-1, channels, side, side).transpose(0, 2, 3, 1)
                weight = weight.reshape(weight.shape[0], -1)
                channels = None
            kernel = weight.T
        result.append([np.ascontiguousarray(kernel), arrays["bias"]])
    return result


def keras_weights(model, twin):
    """Keras layer name -> arrays."""
    there = [layer.name for layer in twin.layers if layer.weights]
    return dict(zip(there, keras_arrays(model), strict=True))


def set_keras_weights(twin, weights):
    for layer in twin.layers:
        if layer.weights:
            layer.set_weights(weights[layer.name])
    return twin
