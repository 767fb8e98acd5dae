"""The networks of the table with their seeded weights, and what is asked of them."""

import dataclasses

import numpy as np
import torch

import networks
import recipe

SEED = 11
EPSILON = 2e-4  # no framework's default
BATCHES = 1234  # num_batches_tracked, as after training
NAMES = (*networks.LENETS, "alexnet_narrow", networks.LRN, "vgg16_narrow", "vgg16_bn_narrow")


@dataclasses.dataclass(frozen=True)
class View:
    """What a file that holds no graph must be put into before it can be run."""

    network: str
    softmax: bool
    epsilon: float = EPSILON

    def module(self):
        model = networks.make_torch(self.network)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eps = self.epsilon
        return torch.nn.Sequential(model, torch.nn.Softmax(1)) if self.softmax else model


class Case:
    """One network: its PyTorch model, and a batch of two pictures, NCHW."""

    def __init__(self, name):
        self.name = name
        self.model = recipe.fill(View(name, False).module(), SEED)
        for module in self.model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.num_batches_tracked.fill_(BATCHES)
        shape = (2, 1, 28, 28) if name in networks.LENETS else (2, 3, 224, 224)
        self.x = recipe.make_input(shape, SEED)

    @property
    def normalised(self):
        return "_bn_" in self.name

    @property
    def responds(self):
        """Whether it normalises local responses, which only a graph can say."""
        return self.name == networks.LRN

    def state(self):
        """name -> array, as PyTorch's state_dict."""
        return {k: v.detach().numpy() for k, v in self.model.state_dict().items()}

    def view(self, folded, softmax):
        plain = folded and self.normalised
        return View(self.name.replace("_bn", "") if plain else self.name, softmax)

    def named_by_torch(self, state):
        """A state_dict by PyTorch's names of the layers, all of whose weights differ in shape.

        Ferry knows them for known networks only, and leaves others the names that they have.
        """
        if not self.responds:
            return state
        places = {v.shape: k.removesuffix(".weight") for k, v in self.state().items() if v.ndim > 1}
        names = {k.removesuffix(".weight"): places[v.shape] for k, v in state.items() if v.ndim > 1}
        pairs = ((*name.rpartition("."), array) for name, array in state.items())
        return {f"{names[layer]}.{leaf}": array for layer, _, leaf, array in pairs}

    def told(self):
        """What a bag of this network's tensors leaves open, as options of Ferry."""
        options = []
        if self.name in networks.LENETS:
            options += ["--arch", self.name]
        if self.normalised:
            options += ["--bn-epsilon", str(EPSILON)]
        return options


def run(module, x):
    """PyTorch's answer, in the type that the module's weights have."""
    kind = next(module.parameters()).dtype
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x).to(kind)).numpy()


def error_share(out, ref):
    """The largest error as a share of what the pass line allows."""
    out, ref = np.asarray(out, np.float64), np.asarray(ref, np.float64)
    if out.shape != ref.shape:
        raise ValueError(f"outputs of shape {out.shape}, expected {ref.shape}")
    if not np.isfinite(out).all():
        raise ValueError("an output is not finite")
    allowed = 1e-4 * np.abs(ref) + 1e-5 * np.abs(ref).max()
    return float((np.abs(out - ref) / allowed).max())
