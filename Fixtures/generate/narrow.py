"""AlexNet and VGG with torchvision's own modules, sixteen and 32 times thinner.

The graphs are the real ones at the real picture size, with files small enough
to keep. Weights: recipe.py seed 2. Input: recipe.py seed 1,
as for the networks of full size.
"""

import torch

import export
import networks
import recipe

if __name__ == "__main__":
    torch.set_num_threads(1)
    x = recipe.make_input((1, 3, 224, 224), seed=1)
    for name in networks.NARROW:
        model = recipe.fill(networks.make_torch(name), seed=2)
        export.save_all(name, model, x, nested=name == "vgg11_narrow")
