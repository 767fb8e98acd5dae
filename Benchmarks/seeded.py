"""The seeded network inputs of `ferry bench` and `ferry verify`, bit for bit."""

import numpy as np

GAMMA = np.uint64(0x9E3779B97F4A7C15)


def mix(z):
    """SplitMix64's finaliser, modulo 2⁶⁴."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def fnv1a64(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return np.uint64(value)


def seeded_input(shape, seed=1):
    """float32 values of `shape` in ±1: (2k + 1 − 2²⁴) · 2⁻²⁴, k the upper 24 bits of
    mix(key + (i + 1)·γ), key = fnv1a64("input") ⊕ mix(seed + γ)."""
    with np.errstate(over="ignore"):
        key = fnv1a64("input") ^ mix(np.uint64(seed) + GAMMA)
        index = np.arange(1, np.prod(shape, dtype=np.int64) + 1, dtype=np.uint64)
        k = (mix(key + index * GAMMA) >> np.uint64(40)).astype(np.int64)
    return ((2 * k + 1 - 2**24) * 2.0**-24).astype(np.float32).reshape(shape)
