"""Records a PyTorch network: inputs, outputs, and the output of every module.

usage: record_pytorch.py NETWORK WEIGHTS FOLDER [--float64] [--input X.npy …] [--seed N] [--batch N]

NETWORK is one of torchvision's (vgg16, resnet50 …) or of the fixtures (lenet5, vgg16_narrow …),
WEIGHTS its state dict as `.pth` or `.safetensors`. Activations are named as modules are; a ReLU that
works in place does not change what was recorded before it.
"""

import torch
from safetensors.torch import load_file

import recording
from vision import models


def network(name, weights):
    """The network with the weights of a file, which it shares."""
    state = (
        load_file(weights)
        if weights.endswith(".safetensors")
        else torch.load(weights, weights_only=True, mmap=True)
    )
    # On no device: weights that a file replaces need no memory and no random numbers.
    with torch.device("meta"):
        if hasattr(models, name):
            model = getattr(models, name)(weights=None)
        else:
            import networks  # brings Keras, which torchvision's networks do not need

            model = networks.make_torch(name)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def record(model, x):
    """(inputs, outputs, activations) of one input."""
    calls = {}

    def watch(name):
        def hook(module, given, output):
            # Copied at once: a ReLU that follows may work in place.
            calls.setdefault(name, []).append(output.detach().clone().numpy())

        return hook

    handles = [
        module.register_forward_hook(watch(name))
        for name, module in model.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        output = model(x)
    for handle in handles:
        handle.remove()
    # A module that is called more than once has no output of its own.
    activations = {name: outputs[0] for name, outputs in calls.items() if len(outputs) == 1}
    return {"input": x.numpy()}, {"output": output.numpy()}, activations


def main():
    parser = recording.parser(__doc__)
    parser.add_argument("network")
    parser.add_argument("weights")
    parser.add_argument("folder")
    parser.add_argument("--float64", action="store_true", help="compute in double precision")
    parser.add_argument("--size", default="224x224", help="of pictures of noise: HEIGHTxWIDTH")
    options = parser.parse_args()
    model = network(options.network, options.weights)
    if options.float64:
        model = model.double()
    first = next(m for m in model.modules() if isinstance(m, torch.nn.Conv2d))
    height, width = (int(side) for side in options.size.split("x"))
    sets = []
    for array in recording.inputs(options, (1, first.in_channels, height, width)):
        x = torch.from_numpy(array)
        given, answered, activations = record(model, x.double() if options.float64 else x)
        # The input keeps the type that the network's file declares.
        sets.append(({"input": array}, answered, activations))
    kind = "float64" if options.float64 else "float32"
    recording.save(options.folder, sets, f"PyTorch {torch.__version__}, {kind}")


if __name__ == "__main__":
    main()
