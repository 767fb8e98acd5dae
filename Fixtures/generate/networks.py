"""The networks of the fixtures, twice: in PyTorch, and in Keras (channels last).

Both know which layer of the one is which layer of the other, so the same
weights can be put into both.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from keras import layers  # noqa: E402
from keras.src.legacy.saving import legacy_h5_format  # noqa: E402,F401
from torch import nn  # noqa: E402

from vision import models  # noqa: E402

DIVISOR = 16  # every conv of a narrow network is this much thinner
HIDDEN = 16  # its two hidden dense layers
CLASSES = 10
VGG = {
    "vgg11_narrow": ("A", False),
    "vgg16_narrow": ("D", False),
    "vgg16_bn_narrow": ("D", True),
}
NARROW = ["alexnet_narrow", *VGG]
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
    return [w if w == "M" else w // DIVISOR for w in widths]


def make_torch(name):
    """The PyTorch network called `name`, with whatever weights it is born with."""
    if name in LENETS:
        return LeNet5(tanh=name == "lenet5_tanh").eval()
    if name == "alexnet_narrow":
        model = models.AlexNet(num_classes=CLASSES)
        widths = [w // DIVISOR for w in (64, 192, 384, 256, 256)]
        before = 3
        for place, width in zip((0, 3, 6, 8, 10), widths):
            old = model.features[place]
            model.features[place] = nn.Conv2d(
                before, width, old.kernel_size, old.stride, old.padding
            )
            before = width
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
    if name in LENETS:
        tanh = name == "lenet5_tanh"
        activation = "tanh" if tanh else "relu"
        pool = layers.AveragePooling2D if tanh else layers.MaxPooling2D
        pool_name = "average_pooling2d" if tanh else "max_pooling2d"  # Keras' own
        return keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                layers.Conv2D(6, 5, padding="same", activation=activation, name="conv1"),
                pool(2, name=pool_name),
                layers.Conv2D(16, 5, activation=activation, name="conv2"),
                pool(2, name=f"{pool_name}_1"),
                layers.Flatten(name="flatten"),
                layers.Dense(120, activation=activation, name="fc1"),
                layers.Dense(84, activation=activation, name="fc2"),
                layers.Dense(10, name="fc3"),
            ],
            name=name,
        )
    x = inputs = layers.Input((224, 224, 3), name="input_1")
    if name == "alexnet_narrow":
        rows = [
            # filters, kernel, stride, padding, whether a pool follows
            (64, 11, 4, 2, True),
            (192, 5, 1, 2, True),
            (384, 3, 1, 1, False),
            (256, 3, 1, 1, False),
            (256, 3, 1, 1, True),
        ]
        for i, (filters, kernel, stride, padding, pooled) in enumerate(rows, 1):
            x = layers.ZeroPadding2D(padding, name=f"pad{i}")(x)
            x = layers.Conv2D(
                filters // DIVISOR, kernel, stride, activation="relu", name=f"conv{i}"
            )(x)
            if pooled:
                x = layers.MaxPooling2D(3, 2, name=f"pool{i}")(x)
        heads = ("fc6", "fc7", "fc8")
    else:
        letter, normed = VGG[name]
        block, place = 1, 1
        for width in narrow_vgg_widths(letter):
            if width == "M":
                x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
                block, place = block + 1, 1
                continue
            title = f"block{block}_conv{place}"
            plain = None if normed else "relu"
            x = layers.Conv2D(width, 3, padding="same", activation=plain, name=title)(x)
            if normed:
                x = layers.BatchNormalization(epsilon=1e-5, name=f"{title}_bn")(x)
                x = layers.Activation("relu", name=f"{title}_relu")(x)
            place += 1
        heads = ("fc1", "fc2", "predictions")
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN, activation="relu", name=heads[0])(x)
    x = layers.Dense(HIDDEN, activation="relu", name=heads[1])(x)
    x = layers.Dense(CLASSES, activation="softmax", name=heads[2])(x)
    return keras.Model(inputs, x, name=name)


def pairs(model, twin):
    """(PyTorch prefix, PyTorch module, Keras layer) of every layer with weights."""
    here = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))
    ]
    there = [layer for layer in twin.layers if layer.weights]
    assert len(here) == len(there)
    return [(name, module, layer) for (name, module), layer in zip(here, there)]


def keras_weights(model, twin):
    """Keras layer name -> arrays in Keras' order and layout, made from the PyTorch model."""
    result, channels = {}, None
    for _, module, layer in pairs(model, twin):
        arrays = {key: value.detach().numpy() for key, value in module.state_dict().items()}
        if isinstance(module, nn.BatchNorm2d):
            order = ("weight", "bias", "running_mean", "running_var")
            result[layer.name] = [arrays[key] for key in order]
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
        result[layer.name] = [np.ascontiguousarray(kernel), arrays["bias"]]
    return result


def set_keras_weights(twin, weights):
    for layer in twin.layers:
        if layer.weights:
            layer.set_weights(weights[layer.name])
    return twin
