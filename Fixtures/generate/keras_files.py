"""Weights that all differ, and files without the time of day, for Keras 3 and tf_keras alike."""
import json
import zipfile

import numpy as np


def path(variable):
    """A weight's name, without what tf_keras adds to it."""
    return getattr(variable, "path", variable.name).split(":")[0]


def distinct(model, seed):
    """Gives every weight another value; variances lie in 0.5 … 1.5."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if path(variable).endswith("moving_variance"):
            values = random.uniform(0.5, 1.5, shape)
        elif path(variable).endswith("gamma"):
            values = random.uniform(0.7, 1.3, shape)
        else:
            fan_in = max(1, int(np.prod(shape[:-1])))
            values = random.uniform(-1, 1, shape) / np.sqrt(fan_in)
        variable.assign(values.astype("float32"))


def save(model, path):
    """Saves without the time of day, which Keras writes into metadata.json."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            if name == "metadata.json":
                metadata = json.loads(data) | {"date_saved": "2026-01-01@00:00:00"}
                data = json.dumps(metadata).encode()
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
