"""Goldens of the full-size AlexNet and VGG-16 of torchvision, seed 1.

No weight file is written: the weights and the input come from recipe.py, which
Swift repeats. Written are the input, PyTorch's float32 logits, the logits of the
same network in float64, and a few float64 values of some layers on the way.
"""

import json

import numpy as np
import torch

import recipe
from vision import models

LAYERS = {
    "alexnet": [
        "features.0", "features.2", "features.3", "features.6", "features.10",
        "features.12", "classifier.1", "classifier.4", "classifier.6",
    ],
    "vgg16": [
        "features.0", "features.2", "features.4", "features.10", "features.17",
        "features.24", "features.30", "classifier.0", "classifier.3", "classifier.6",
    ],
}  # fmt: skip


def activations(model, x, names):
    """Runs the model and picks 16 spread-out values of each named module's output."""
    picked = []

    def watch(name):
        def hook(module, _, output):
            # Copied at once: the ReLU that follows works in place.
            flat = output.detach().reshape(-1)
            step = max(flat.numel() // 16, 1)
            indices = [min(i * step + (i * 37) % step, flat.numel() - 1) for i in range(16)]
            picked.append(
                {
                    "name": name,
                    "type": type(module).__name__,
                    "shape": list(output.shape),
                    "indices": indices,
                    "values": [float(flat[i]) for i in indices],
                }
            )

        return hook

    modules = dict(model.named_modules())
    handles = [modules[name].register_forward_hook(watch(name)) for name in names]
    with torch.no_grad():
        output = model(x)
    for handle in handles:
        handle.remove()
    return output, picked


def make(name):
    folder = recipe.FIXTURES / "golden" / f"{name}_seed1"
    folder.mkdir(parents=True, exist_ok=True)
    model = recipe.fill(getattr(models, name)(weights=None), seed=1)
    x = recipe.make_input((1, 3, 224, 224), seed=1)
    recipe.save_input(folder / "input_0.npy", x)
    with torch.no_grad():
        single = model(torch.from_numpy(x)).numpy()
    np.save(folder / "output_0.npy", single)
    double, picked = activations(model.double(), torch.from_numpy(x).double(), LAYERS[name])
    np.save(folder / "output_0.float64.npy", double.numpy())
    text = json.dumps({"model": name, "seed": 1, "layers": picked}, indent=1)
    (folder / "activations.json").write_text(text + "\n")
    error = np.abs(single - double.numpy()).max() / np.abs(double.numpy()).max()
    print(f"{name}: largest logit {np.abs(single).max():.4f}, float32 error {error:.2e}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for network in LAYERS:
        make(network)
