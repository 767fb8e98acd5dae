"""What proofs of the command line have in common."""

import subprocess
import sys

import numpy as np


def ferry(options, *words):
    done = subprocess.run([options.ferry, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"ferry {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")
    return done.stdout


def worst(answer, reference):
    """The largest difference, in parts of what the pass line allows."""
    bound = 1e-4 * np.abs(reference) + 1e-5 * np.abs(reference).max()
    return float((np.abs(answer - reference) / bound).max())
