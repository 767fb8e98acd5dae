"""Good networks in PyTorch, for its own exporters; seeded, every width a parameter."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import recipe


class Plain(nn.Module):
    """Uneven kernels, normalisations, ReLU6, dense layers of one size behind a picture."""

    size = (3, 17, 14)

    def __init__(self, width):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, (3, 5), padding=(1, 2), bias=False),
            nn.BatchNorm2d(width, eps=1e-3), nn.ReLU(), nn.MaxPool2d((2, 3), (2, 2)),
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU6(),
            nn.Conv2d(width, width, 3), nn.LeakyReLU(0.2), nn.AvgPool2d(2))  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(width * 3 * 2, 9), nn.ReLU(), nn.Dropout(), nn.Linear(9, 9), nn.ReLU(),
            nn.Linear(9, 7))  # fmt: skip

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class Inverted(nn.Module):
    """MobileNet's blocks: depthwise between 1 x 1, sums, hard activations, a global pool."""

    size = (3, 19, 22)

    def __init__(self, width):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False),
                                  nn.BatchNorm2d(width), nn.Hardswish())  # fmt: skip
        self.expand = nn.Sequential(nn.Conv2d(width, 2 * width, 1, bias=False),
                                    nn.BatchNorm2d(2 * width, eps=1e-3), nn.ReLU6())  # fmt: skip
        self.spread = nn.Sequential(
            nn.Conv2d(2 * width, 4 * width, (3, 5), 1, (1, 2), groups=2 * width, bias=False),
            nn.BatchNorm2d(4 * width), nn.ReLU6())  # fmt: skip
        self.shrink = nn.Sequential(nn.Conv2d(4 * width, width, 1), nn.BatchNorm2d(width))
        self.squeeze = nn.Conv2d(width, 3, 1)
        self.excite = nn.Conv2d(3, width, 1)
        self.head = nn.Linear(width, 8)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.shrink(self.spread(self.expand(x)))
        gate = functional.relu(self.squeeze(functional.adaptive_avg_pool2d(x, 1)))
        x = x * functional.hardsigmoid(self.excite(gate))
        return self.head(x.mean((2, 3)))


class Residual(nn.Module):
    """ResNet's blocks, with a projection, groups and dilation, and a Softmax at the end."""

    size = (4, 18, 13)

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(4, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width, eps=2e-4)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 2 * width, 3, 2, 1, groups=2)
        self.project = nn.Conv2d(width, 2 * width, 1, 2)
        self.conv4 = nn.Conv2d(2 * width, 2 * width, 3, padding=2, dilation=2)
        self.prelu = nn.PReLU(2 * width, 0.2)
        self.pool = nn.AvgPool2d(3, 2, 1, ceil_mode=True)
        self.fc = nn.Linear(2 * width * 5 * 4, 6)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.relu(x + self.bn2(self.conv2(x)))
        x = functional.elu(self.conv3(x) + self.project(x), 0.6)
        x = self.pool(self.prelu(self.conv4(x)))
        return functional.softmax(self.fc(x.flatten(1)), 1)


class Gelu(nn.Module):
    """Written out, as before there was an operator of it."""

    def forward(self, x):
        return x * 0.5 * (1 + torch.erf(x / 2**0.5))


class Dense(nn.Module):
    """DenseNet's and Inception's joins, average pools with padding, smooth activations."""

    size = (3, 16, 11)

    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.second = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(),
                                    nn.Conv2d(width, 5, (1, 7), padding=(0, 3)))  # fmt: skip
        self.third = nn.Sequential(nn.BatchNorm2d(width + 5), Gelu(),
                                   nn.Conv2d(width + 5, 6, (5, 1), padding=(2, 0)))  # fmt: skip
        self.beside = nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False),
                                    nn.Conv2d(width + 11, 4, 1), nn.SiLU())  # fmt: skip
        self.last = nn.Conv2d(width + 15, 6, 3, 2, padding_mode="zeros", padding=1)
        self.fc = nn.Linear(6 * 4 * 3, 9)

    def forward(self, x):
        x = self.first(x)
        x = torch.cat([x, self.second(x)], 1)
        x = torch.cat([x, self.third(x)], 1)
        x = torch.cat([x, self.beside(x)], 1)
        x = functional.max_pool2d(functional.selu(self.last(x)), 2, ceil_mode=True)
        return self.fc(x.flatten(1))


class Upsampling(nn.Module):
    """A small decoder: resizing, shuffled pixels, padding by hand, Softmax over channels."""

    size = (2, 8, 12)

    def __init__(self, width):
        super().__init__()
        self.down = nn.Conv2d(2, width, 3, 2)
        self.mid = nn.Conv2d(width, 12, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.near = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Conv2d(3 + 2 * width, 4, 3)

    def forward(self, x):
        y = torch.tanh(self.down(functional.pad(x, (0, 1, 0, 1))))
        z = functional.relu(self.mid(y)).reshape(-1, 3, 2, 2, 4, 6)
        z = z.permute(0, 1, 4, 2, 5, 3).reshape(-1, 3, 8, 12)  # pixels shuffled
        return functional.softmax(self.last(torch.cat([z, self.near(y), self.up(y)], 1)), 1)


class Local(nn.Module):
    """AlexNet in small, with local responses and two towers."""

    size = (3, 47, 55)

    def __init__(self, width):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 11, 4, 2), nn.ReLU(),
            nn.LocalResponseNorm(5, 0.4, 0.75, 2.0), nn.MaxPool2d(3, 2),
            nn.Conv2d(width, 8, 5, padding=2, groups=2), nn.ReLU(), nn.MaxPool2d(2, 1))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(8 * 4 * 5, 10), nn.ReLU(),
                                        nn.Dropout(), nn.Linear(10, 10), nn.Tanh(),
                                        nn.Linear(10, 5))  # fmt: skip

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


MODULES = {Plain: (6, 5), Inverted: (4, 5), Residual: (4, 6), Dense: (5, 4), Upsampling: (5, 6),
           Local: (8, 6)}  # fmt: skip


def made(kind, width, seed):
    """The module with seeded weights; variances between 0.01 and 0.04 in every other norm."""
    model = recipe.fill(kind(width), seed)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms[::2]:
        norm.running_var *= 0.02
        norm.weight.data *= 0.3
    return model


def inputs(kind, seed, batch=2):
    return recipe.make_input((batch, *kind.size), seed)


def answer(model, x):
    with torch.no_grad():
        return model(torch.from_numpy(np.ascontiguousarray(x))).numpy()
