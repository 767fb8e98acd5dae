"""Training variants of pictures as Pillow and NumPy make them: Fixtures/augmentation.

An implementation of its own of what `ferry augment --help` and the sources of Ferry describe:
SplitMix64 streams, Lemire's bounded integers, Karney's normal variates, torchvision's resize to a
short side, crops, mirror images, and AlexNet's change of colours along principal components.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
OUTPUT = ROOT / "augmentation"
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & MASK
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


class Stream:
    def __init__(self, seed, picture, number, transform):
        key = mix((seed + GAMMA) & MASK)
        key = mix(((key ^ picture) + GAMMA) & MASK)
        key = mix(((key ^ number) + GAMMA) & MASK)
        self.counter = key ^ fnv1a(transform.encode())

    def next(self):
        self.counter = self.counter + GAMMA & MASK
        return mix(self.counter)

    def below(self, bound):
        while True:
            product = self.next() * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64

    def fraction(self):
        return (self.next() >> 11) / 2**53

    def decays(self, x):
        even = True
        while (number := self.fraction()) < x:
            x, even = number, not even
        return even

    def normal(self):
        while True:
            k = 0
            while self.decays(0.5):
                k += 1
            if not all(self.decays(0.5) for _ in range(k * max(0, k - 1))):
                continue
            x = self.fraction()
            if not all(self.decays(x * (2 * k + x) / (2 * k + 2)) for _ in range(k + 1)):
                continue
            return k + x if self.next() >> 63 == 0 else -(k + x)


def short_side(picture, short):
    width, height = picture.size
    long = int(short * max(width, height) / min(width, height))
    size = (short, long) if width <= height else (long, short)
    return picture.resize(size, Image.Resampling.BILINEAR)


def middle_square(picture):
    side = min(picture.size)
    left, top = (round((length - side) / 2) for length in picture.size)
    return picture.crop((left, top, left + side, top + side))


def variant(path, options, seed, number, components):
    data = path.read_bytes()
    content = int.from_bytes(hashlib.sha256(data).digest()[:8], "big")

    def stream(transform):
        return Stream(seed, content, number, transform)

    picture = Image.open(path).convert("RGB")
    case = {"picture": path.name, "number": number}
    low, high = options["scale"]
    case["scale"] = low + stream("scale").below(high - low + 1)
    picture = short_side(picture, case["scale"])
    if options["square"]:
        picture = middle_square(picture)
    crop, random = options["crop"], stream("crop")
    case["left"] = random.below(picture.width - crop + 1)
    case["top"] = random.below(picture.height - crop + 1)
    picture = picture.crop(
        (case["left"], case["top"], case["left"] + crop, case["top"] + crop))
    case["mirrored"] = options["mirror"] and stream("mirror").below(2) == 1
    if case["mirrored"]:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    values = np.asarray(picture)
    shift = [0.0, 0.0, 0.0]
    if options["sigma"]:
        random = stream("color")
        case["alphas"] = [options["sigma"] * random.normal() for _ in range(3)]
        factors = components["eigenvalues"]
        if options["by"] == "deviation":
            factors = [math.sqrt(factor) for factor in factors]
        for channel in range(3):
            for alpha, factor, vector in zip(
                    case["alphas"], factors, components["components"]):
                shift[channel] += vector[channel] * (alpha * factor)
        case["shift"] = shift
    moved = values + 255 * np.array(shift)
    rounded = np.trunc(moved + np.copysign(0.5, moved)).clip(0, 255).astype(np.uint8)
    case["samples"] = f"{fnv1a(rounded.tobytes()):016x}"
    if number == 0:
        planes = (values / 255 + np.array(shift)).astype("<f4").transpose(2, 0, 1)
        case["planes"] = f"{fnv1a(np.ascontiguousarray(planes).tobytes()):016x}"
    return case


def principal_components(paths):
    """Eigenvalues and vectors of all pixels' covariance, the largest entry of each positive."""
    pixels = np.concatenate(
        [np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3) for path in paths])
    covariance = np.cov(pixels.T / 255, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    rows = [vectors[:, index] for index in np.argsort(-values)]
    rows = [row * np.sign(row[np.argmax(np.abs(row))]) for row in rows]
    return {
        "pictures": len(paths), "pixels": len(pixels),
        "mean": (pixels.mean(0) / 255).tolist(), "covariance": covariance.tolist(),
        "eigenvalues": np.sort(values)[::-1].tolist(),
        "components": [row.tolist() for row in rows],
    }


PICTURES = ["chelsea_444.jpg", "coffee_420.jpg", "rocket_tall.jpg"]
RUNS = [
    {"scale": [256, 256], "square": True, "crop": 224, "mirror": True, "sigma": 0, "by": ""},
    {"scale": [256, 512], "square": False, "crop": 224, "mirror": True, "sigma": 0.1,
     "by": "deviation"},
    {"scale": [64, 65], "square": False, "crop": 61, "mirror": False, "sigma": 25.5,
     "by": "eigenvalue"},
]


def main():
    OUTPUT.mkdir(exist_ok=True)
    paths = [IMAGES / name for name in PICTURES]
    components = principal_components(paths)
    (OUTPUT / "components.json").write_text(json.dumps(components, indent=1) + "\n")
    streams = []
    for seed, picture, number, transform in [
            (0, 0, 0, "crop"), (1, 0x0123456789ABCDEF, 3, "color"), (MASK >> 1, MASK, 41, "scale")]:
        def stream():
            return Stream(seed, picture, number, transform)
        random, bounded, normal = stream(), stream(), stream()
        streams.append({
            "seed": seed, "picture": f"{picture:016x}", "number": number, "transform": transform,
            "draws": [f"{random.next():016x}" for _ in range(4)],
            "below": [bounded.below(bound) for bound in (2, 33, 257, 10**9, 2**62 + 1, 2**62 + 1)],
            "normals": [normal.normal() for _ in range(24)],
        })
    runs = [{"options": options, "seed": 5, "cases": [
        variant(path, options, 5, number, components) for path in paths for number in range(3)
    ]} for options in RUNS]
    text = json.dumps({"streams": streams, "runs": runs}, indent=1)
    (OUTPUT / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
