"""The seeded recipe: weights and inputs that NumPy and Swift make bit for bit alike.

Every tensor is a pure function of its name, a seed, its role and its shape, in
integer arithmetic up to one rounding to float32 at the very end. So networks of
half a gigabyte need no file: both sides make the same one.

    mix      the SplitMix64 finaliser
    key      fnv1a64(name) xor mix(seed + GOLDEN)
    element  r = mix(key + (i + 1) * GOLDEN), k = r >> 40, m = 2k + 1 - 2^24
    value    float32((m * s + c * 2^48) / 2^48)

Run as a program it writes golden/recipe.json, rows for the Swift test.
"""

import json
import math
import os
from pathlib import Path

import numpy as np

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
CHUNK = 1 << 21
FIXTURES = Path(__file__).resolve().parent.parent


def mix(z):
    """SplitMix64's finaliser of one Python integer."""
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & MASK
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def mix_array(z):
    """The same, in place, of an array of uint64."""
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def fnv1a64(text):
    h = 0xCBF29CE484222325
    for byte in text.encode("utf-8"):
        h = (h ^ byte) * 0x100000001B3 & MASK
    return h


def key(name, seed):
    return fnv1a64(name) ^ mix(seed + GOLDEN & MASK)


def scale(role, fan_in=1):
    """The pair (s, c) of a role; fan_in counts only for weight and bias."""
    return {
        "weight": (math.isqrt(6 * 2**48 // fan_in), 0),
        "bias": (math.isqrt(2**48 // fan_in), 0),
        "bn_weight": (2**23, 1),
        "bn_bias": (2**22, 0),
        "running_mean": (2**22, 0),
        "running_var": (2**23, 1),
        "input": (2**24, 0),
    }[role]


def values(name, seed, shape, s, c):
    """A float32 array of `shape`, row-major."""
    count = math.prod(shape)
    out = np.empty(count, np.float32)
    start = key(name, seed)
    for low in range(0, count, CHUNK):
        high = min(low + CHUNK, count)
        z = np.arange(low + 1, high + 1, dtype=np.uint64)
        z *= np.uint64(GOLDEN)
        z += np.uint64(start)
        m = (mix_array(z) >> np.uint64(40)).astype(np.int64) * 2 + (1 - 2**24)
        # |m s + c 2^48| < 2^53, so the float64 is exact and only float32 rounds.
        out[low:high] = (m * s + c * 2**48).astype(np.float64) * 2.0**-48
    return out.reshape(shape)


def make_input(shape, seed):
    return values("input", seed, shape, *scale("input"))


def is_shared(x):
    """Whether networks share the input: one of ImageNet's size is half a megabyte."""
    return x.size > 100_000


def save_input(path, x):
    """Writes x, once for all networks that share it: they have links."""
    if not is_shared(x):
        np.save(path, x)
        return
    shared = FIXTURES / "golden" / "inputs" / f"{'x'.join(map(str, x.shape))}.npy"
    shared.parent.mkdir(parents=True, exist_ok=True)
    if shared.exists():
        assert np.array_equal(np.load(shared), x), f"{shared} holds another input"
    else:
        np.save(shared, x)
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(shared, path.parent))


def role_of(name, shapes):
    """Role and fan_in of a state_dict entry, from the names and shapes beside it."""
    prefix, _, leaf = name.rpartition(".")
    if leaf in ("running_mean", "running_var", "num_batches_tracked"):
        return leaf, 1
    weight = shapes[f"{prefix}.weight"]
    if len(weight) == 1:
        return f"bn_{leaf}", 1
    return leaf, math.prod(weight[1:])


def make_state(shapes, seed):
    """NumPy arrays for a whole state_dict, given as name -> shape."""
    state = {}
    for name, shape in shapes.items():
        role, fan_in = role_of(name, shapes)
        if role == "num_batches_tracked":
            state[name] = np.zeros((), np.int64)
        else:
            state[name] = values(name, seed, tuple(shape), *scale(role, fan_in))
    return state


def fill(model, seed):
    """Loads the recipe into a PyTorch model and sets it to inference."""
    import torch

    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    state = {name: torch.from_numpy(array) for name, array in make_state(shapes, seed).items()}
    model.load_state_dict(state, strict=True)
    return model.eval()


def main():
    rows = [
        ("features.0.weight", 1, "weight", (64, 3, 11, 11)),
        ("features.0.bias", 1, "bias", (64,)),
        ("classifier.6.weight", 1, "weight", (1000, 4096)),
        ("features.0.weight", 2, "weight", (4, 3, 3, 3)),
        ("features.1.weight", 2, "bn_weight", (16,)),
        ("features.1.bias", 2, "bn_bias", (16,)),
        ("features.1.running_mean", 2, "running_mean", (16,)),
        ("features.1.running_var", 2, "running_var", (16,)),
        ("conv1.weight", 7, "weight", (6, 1, 5, 5)),
        ("fc3.bias", 2**64 - 1, "bias", (10,)),
        ("input", 1, "input", (1, 3, 224, 224)),
        ("input", 3, "input", (1, 3, 224, 224)),
        ("größe", 1, "input", (2, 3, 5)),
    ]
    fan_in_of_bias = {"features.0.bias": 363, "fc3.bias": 84}
    out = []
    for name, seed, role, shape in rows:
        fan_in = math.prod(shape[1:]) if role == "weight" else fan_in_of_bias.get(name, 1)
        s, c = scale(role, fan_in)
        array = values(name, seed, shape, s, c).reshape(-1)
        out.append(
            {
                "name": name,
                "seed": seed,
                "role": role,
                "shape": list(shape),
                "fan_in": fan_in,
                "s": s,
                "c": c,
                "first": [f"{bits:08x}" for bits in array[:8].view(np.uint32)],
                "last": [f"{bits:08x}" for bits in array[-2:].view(np.uint32)],
            }
        )
    path = FIXTURES / "golden" / "recipe.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in out)
    path.write_text(f'{{"rows": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
