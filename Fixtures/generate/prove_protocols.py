"""Proves, outside Ferry, what `ferry run --protocol` answers on photographs.

    python prove_protocols.py --ferry PATH_TO_BINARY [--folder FOLDER] [--only NAME…]
        [--protocols PROTOCOL…]
    python prove_protocols.py --goldens

NAME is alexnet or vgg16, made at full size by `ferry init`, or vgg11_narrow. The reference is
PyTorch in float64 on what torchvision's transforms make of the photographs: TenCrop of the rescaled
picture and of its central square; the whole picture and its mirror image through a network whose
dense weights a few lines here reshape into convolutions, the score map averaged over its positions,
the softmax averaged over images; both at several scales. Answers are compared within the pass line.

Seeded weights give nearly the same scores for every picture, and a softmax of nearly equal numbers
proves little. So the last layer is scaled until scores lie a few units apart, and each line tells
by how many pass lines the answer of another protocol would be off.

--goldens writes protocols/answers.json: the same for vgg11_narrow, which tests read.
Exits with 1 when anything differs.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from proving import ferry, worst
from vision import models, transforms

FIXTURES = Path(__file__).resolve().parent.parent
PICTURES = ["chelsea_444.jpg", "coffee_420.jpg", "astronaut_progressive.jpg", "rocket_tall.jpg"]
PROTOCOLS = {
    "center": ["--protocol", "center"],
    "center 320": ["--protocol", "center", "--scale", "320"],
    "ten-crop": ["--protocol", "ten-crop"],
    "ten-crop 256, 384": ["--protocol", "ten-crop", "--scales", "256,384"],
    "ten-crop-square": ["--protocol", "ten-crop-square"],
    "dense": ["--protocol", "dense"],
    "dense 300": ["--protocol", "dense", "--scale", "300"],
    "multi-scale": ["--protocol", "multi-scale"],
}  # fmt: skip


def prepared():
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    return transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])


def views(picture, protocol):
    """Batches of views, whole pictures apart, as torchvision makes them."""
    kind, _, scales = protocol.partition(" ")
    default = "256, 384, 512" if kind == "multi-scale" else "256"
    for scale in (scales or default).split(", "):
        rescaled = transforms.Resize(int(scale))(picture)
        if kind in ("dense", "multi-scale"):
            for view in (rescaled, transforms.functional.hflip(rescaled)):
                yield prepared()(view)[None]
            continue
        if kind == "ten-crop-square":
            rescaled = transforms.CenterCrop(int(scale))(rescaled)
        crops = [transforms.CenterCrop(224)(rescaled)] if kind == "center" \
            else transforms.TenCrop(224)(rescaled)
        yield torch.stack([prepared()(crop) for crop in crops])


def score_map(model, x):
    """The network on a picture of any size: dense layers are convolutions, and nothing is pooled to
    a fixed size between them."""
    x = model.features(x)
    side = 6 if isinstance(model, models.AlexNet) else 7
    for layer in model.classifier:
        if isinstance(layer, nn.Linear):
            channels = x.shape[1]
            kernel = layer.weight.view(layer.out_features, channels, side, side)
            x, side = functional.conv2d(x, kernel, layer.bias), 1
        else:
            x = layer(x)
    return x


@torch.no_grad()
def answer(model, picture, protocol):
    """Scores for one view, else the averaged softmax, as `ferry run --output` writes them."""
    rows = [score_map(model, batch.double()).mean((2, 3)) for batch in views(picture, protocol)]
    rows = torch.cat(rows)
    return (rows if len(rows) == 1 else rows.softmax(1).mean(0, keepdim=True)).numpy()


def spread(model):
    """Scales the last layer until scores of a photograph lie a few units apart."""
    picture = Image.open(FIXTURES / "images" / PICTURES[0]).convert("RGB")
    last = model.classifier[-1]
    with torch.no_grad():
        for batch in views(picture, "center"):
            deviation = score_map(model, batch.double()).std()
        factor = float(2 ** torch.round(torch.log2(4 / deviation)))
        last.weight *= factor
        last.bias *= factor
    return factor


def narrow():
    import networks

    model = networks.make_torch("vgg11_narrow")
    with h5py.File(FIXTURES / "models/vgg11_narrow/vgg11_narrow.state.h5") as file:
        state = {name: torch.from_numpy(file[name][()]) for name in file}
    model.load_state_dict(state)
    return model.double().eval()


def make(options, name, folder):
    """The network as a file and in PyTorch, with scores a few units apart."""
    path = folder / f"{name}.pth"
    if name == "vgg11_narrow":
        model = narrow()
    else:
        ferry(options, "init", name, "-o", path, "--force")
        model = models.get_model(name)
        model.load_state_dict(torch.load(path, weights_only=True))
        model = model.double().eval()
    factor = spread(model)
    torch.save({key: value.float() for key, value in model.state_dict().items()}, path)
    return path, model, factor


def prove(options, name, folder):
    path, model, factor = make(options, name, folder)
    print(f"{name}, last layer times {factor:g}", flush=True)
    images = {picture: Image.open(FIXTURES / "images" / picture).convert("RGB")
              for picture in PICTURES}
    centers = {picture: answer(model, image, "center") for picture, image in images.items()}
    good = []
    for protocol in options.protocols:
        lines, others = [], []
        for picture, image in images.items():
            y = folder / "y.npy"
            ferry(options, "run", path, FIXTURES / "images" / picture, *PROTOCOLS[protocol],
                  "--output", y, "--force")
            wanted = centers[picture] if protocol == "center" else answer(model, image, protocol)
            lines.append(worst(np.load(y), wanted))
            if protocol != "center":
                center = torch.from_numpy(centers[picture])
                center = center if protocol.startswith("center") else center.softmax(1)
                others.append(worst(center.numpy(), wanted))
        good.append(max(lines) <= 1)
        shown = " ".join(f"{line:.3f}" for line in lines)
        off = f"; the centre crop's answer would be {min(others):,.0f} or more off" if others else ""
        print(f"  {protocol:18} {shown} of the pass line on {len(lines)} photographs{off}"
              f"{'' if good[-1] else '  WRONG'}", flush=True)
    path.unlink()
    return all(good)


def write_goldens():
    model = narrow()
    factor = spread(model)
    answers = []
    for picture in PICTURES:
        image = Image.open(FIXTURES / "images" / picture).convert("RGB")
        for protocol, words in PROTOCOLS.items():
            answers.append({"picture": picture, "options": words,
                            "answer": answer(model, image, protocol)[0].tolist()})
    document = {"network": "vgg11_narrow", "factor": factor, "answers": answers}
    folder = FIXTURES / "protocols"
    folder.mkdir(exist_ok=True)
    (folder / "answers.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(answers)} answers, last layer times {factor:g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ferry")
    parser.add_argument("--folder")
    parser.add_argument("--only", nargs="*", default=["vgg11_narrow", "alexnet", "vgg16"])
    parser.add_argument("--protocols", nargs="*", default=list(PROTOCOLS), choices=PROTOCOLS)
    parser.add_argument("--goldens", action="store_true")
    options = parser.parse_args()
    if options.goldens:
        return write_goldens()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        good = [prove(options, network, Path(name)) for network in options.only]
    print(f"{sum(good)} of {len(good)} networks proved")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
