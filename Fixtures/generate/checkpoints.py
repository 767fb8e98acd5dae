"""Files of weights as PyTorch, safetensors and NumPy write them, in every dialect that Ferry reads,
and what each holds.

    python checkpoints.py

Written are models/alexnet_narrow/alexnet_narrow.{pth,safetensors,npz}, the network of narrow.py,
and the tiny files of checkpoints/. `expected.json` there holds, for every file that must load, the
tensors' names in order, types, shapes and bytes. Files under checkpoints/refused/ must not load.
"""

import argparse
import collections
import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn

import networks
import recipe

FOLDER = recipe.FIXTURES / "checkpoints"
EXPECTED = {}


def seeded(name, shape, dtype=torch.float32):
    """Distinct values that the type holds exactly or rounds."""
    values = torch.from_numpy(recipe.values(name, 5, tuple(shape), 2**24, 0))
    if dtype.is_floating_point:
        return values.to(dtype)
    if dtype == torch.bool:
        return values > 0
    return (values * 100).to(torch.int64).to(dtype)


def network():
    """A convolution, a normalisation and a dense layer."""
    model = nn.Sequential(
        collections.OrderedDict(
            conv=nn.Conv2d(2, 3, (1, 2)), norm=nn.BatchNorm2d(3), fc=nn.Linear(6, 2, bias=False)
        )
    )
    state = {name: seeded(name, t.shape, t.dtype) for name, t in model.state_dict().items()}
    model.load_state_dict(state, strict=True)
    return model


def raw(tensor):
    tensor = tensor.detach().contiguous()
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def expect(file, tensors):
    EXPECTED[file] = [
        {
            "name": name,
            "type": str(tensor.dtype).removeprefix("torch.").replace("_", "").replace("0fnu", "0"),
            "shape": list(tensor.shape),
            "bytes": raw(tensor).hex(),
        }
        for name, tensor in tensors.items()
    ]


def save(file, value, tensors=None, **options):
    torch.save(value, FOLDER / file, **options)
    tidy(FOLDER / file)
    if tensors is not None:
        expect(file, tensors)


def tidy(path):
    """Legacy files name storages by their addresses, and sort by these: numbers take their place."""
    content = path.read_bytes()
    if content[:2] == b"PK":
        return
    found = {}

    class Anything(dict):
        def __init__(self, *arguments):
            pass

        def __setstate__(self, state):
            pass

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return getattr(torch, name) if name.endswith("Storage") else Anything

        def persistent_load(self, ident):
            if ident[0] != "storage":
                return Anything
            found.setdefault(ident[2], ident[1](0).element_size())
            return None

    stream = io.BytesIO(content)
    for _ in range(4):
        Reader(stream).load()
    head = content[: stream.tell()]
    data = {}
    for key in pickle.load(stream):
        count = stream.read(8)
        data[key] = count + stream.read(int.from_bytes(count, "little") * found[key])
    rest = stream.read()
    names = {}
    for place, key in enumerate(found):
        names[str(10 ** (len(key) - 1) + place)] = key
        head = head.replace(key.encode(), list(names)[-1].encode())
    keys = pickle.dumps(sorted(names), protocol=2)
    path.write_bytes(head + keys + b"".join(data[names[key]] for key in sorted(names)) + rest)


def training(model):
    """What a training loop keeps."""
    optimizer = torch.optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return {
        "epoch": 90,
        "arch": "tiny",
        "best_acc1": 71.59,
        "large": 2**40,
        "args": argparse.Namespace(lr=0.1, data="/data"),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": {"milestones": collections.Counter([30, 60]), "_last_lr": [0.1]},
        "acc": np.float64(0.5),
    }


def networks_files():
    name = "alexnet_narrow"
    model = recipe.fill(networks.make_torch(name), seed=2)
    state = model.state_dict()
    folder = recipe.FIXTURES / "models" / name
    torch.save(state, folder / f"{name}.pth")
    safetensors.torch.save_file(state, folder / f"{name}.safetensors", metadata={"format": "pt"})
    save_npz(folder / f"{name}.npz", {k: v.numpy() for k, v in state.items()}, compressed=True)


def save_npz(path, arrays, compressed=False):
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    # numpy dates the members.
    content = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(content, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            entry.date_time = (1980, 1, 1, 0, 0, 0)
            with target.open(entry, "w", force_zip64=True) as member:
                member.write(data)
    path.write_bytes(content.getvalue())


def state_dicts():
    model = network()
    state = model.state_dict()
    save("plain.pth", state, state)
    save("plain.legacy.pth", state, state, _use_new_zipfile_serialization=False)
    save("protocol4.pth", state, state, pickle_protocol=4)
    save("protocol5.pth", dict(state), state, pickle_protocol=5)
    save("protocol4.legacy.pth", state, state, pickle_protocol=4, _use_new_zipfile_serialization=False)
    wrapped = nn.DataParallel(model).state_dict()
    save("dataparallel.pth", wrapped, wrapped)
    save("parameters.pth", dict(model.named_parameters()), dict(model.named_parameters()))
    halves = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    save("half.pth", halves, halves)
    save("half.legacy.pth", halves, halves, _use_new_zipfile_serialization=False)

    fresh = network()
    kept = collections.OrderedDict((k, v.clone()) for k, v in fresh.state_dict().items())
    loop = training(fresh)
    save("training.pth", {"model_state_dict": kept, **loop}, kept)
    save("training.legacy.pth", {"state_dict": kept, **loop}, kept, _use_new_zipfile_serialization=False)
    save("nested.pth", {"model": {"state_dict": kept, "name": "tiny"}, "epoch": 1}, kept)
    save("averages.pth", {"model": kept, "model_ema": {k: v + 1 for k, v in kept.items()}}, kept)
    extra = collections.OrderedDict(kept, scale=None, _extra_state={"a": 1})
    save("extra.pth", extra, kept)


def element_types():
    names = "float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool"
    types = {name: seeded(name, (2, 3), getattr(torch, name)) for name in names.split()}
    types |= {"scalar": seeded("scalar", ()), "empty": torch.zeros(0, 4)}
    save("types.pth", types, types)
    old = {k: v for k, v in types.items() if k not in ("uint16", "uint32", "uint64")}
    save("types.legacy.pth", old, old, _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(types, FOLDER / "types.safetensors", metadata={"note": "größe"})
    order = safetensors.torch.load_file(FOLDER / "types.safetensors")
    expect("types.safetensors", {name: order[name] for name in in_header("types.safetensors")})
    arrays = {k: v for k, v in types.items() if k != "bfloat16"}
    save_npz(FOLDER / "types.npz", {k: v.numpy() for k, v in arrays.items()})
    expect("types.npz", arrays)
    save_npz(FOLDER / "compressed.npz", {k: v.numpy() for k, v in arrays.items()}, compressed=True)
    expect("compressed.npz", arrays)
    orders = {"a/b": seeded("a", (3, 4)), "big": seeded("big", (2, 2))}
    save_npz(
        FOLDER / "orders.npz",
        {"a/b": np.asfortranarray(orders["a/b"].numpy()), "big": orders["big"].numpy().astype(">f4")},
    )
    expect("orders.npz", orders)


def small_floats():
    """Every code of PyTorch's 8-bit floats, by names that end in the type's."""
    names = "float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu"
    codes = torch.arange(256, dtype=torch.uint8).reshape(16, 16)
    types = {f"{name}.weight": codes.clone().view(getattr(torch, name)) for name in names.split()}
    save("float8.pth", types, types)
    safetensors.torch.save_file(types, FOLDER / "float8.safetensors")
    (FOLDER / "float8.safetensors").chmod(0o644)
    parts = {name: types[name] for name in in_header("float8.safetensors")}
    expect("float8.safetensors", parts)


def in_header(file):
    content = (FOLDER / file).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return [name for name in header if name != "__metadata__"]


def views():
    base = seeded("base", (4, 5, 3))
    parts = collections.OrderedDict(
        whole=base,
        same=base,
        slice=base[1:3],
        columns=base[:, 1:4],
        steps=base[1::2, ::3, ::2],
        transposed=base.permute(2, 0, 1),
        element=base[3, 4, 2],
        expanded=base[:1, :1].expand(2, 3, 3),
        channels_last=seeded("nchw", (2, 3, 2, 2)).to(memory_format=torch.channels_last),
    )
    save("views.pth", parts, parts)
    save("views.legacy.pth", parts, parts, _use_new_zipfile_serialization=False)


def big_endian():
    """What a big-endian machine writes: the same archive with the bytes of each number reversed."""
    state = network().state_dict()
    torch.save(state, FOLDER / "bigendian.pth")
    content = io.BytesIO()
    with zipfile.ZipFile(FOLDER / "bigendian.pth") as source, zipfile.ZipFile(content, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("/byteorder"):
                data = b"big"
            if "/data/" in name:
                size = 8 if len(data) == 8 else 4
                data = np.frombuffer(data, f"<u{size}").byteswap().tobytes()
            target.writestr(zipfile.ZipInfo(name), data)
    (FOLDER / "bigendian.pth").write_bytes(content.getvalue())
    expect("bigendian.pth", state)


def shards():
    state = network().state_dict()
    names = list(state)
    shards = {
        "model-00001-of-00002.safetensors": names[:3],
        "model-00002-of-00002.safetensors": names[3:],
    }
    for file, part in shards.items():
        safetensors.torch.save_file({n: state[n] for n in part}, FOLDER / file, metadata={"format": "pt"})
        (FOLDER / file).chmod(0o644)
    where = {name: file for file, part in shards.items() for name in part}
    index = {"metadata": {"total_size": sum(t.nbytes for t in state.values())}, "weight_map": where}
    (FOLDER / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    expect("model.safetensors.index.json", state)


class Module(nn.Module):
    """A module whose own source the legacy form keeps."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))


class System:
    """What an attacker pickles."""

    def __reduce__(self):
        return eval, ("__import__('os').system('touch pwned')",)


def refused():
    model = network()
    state = dict(model.state_dict())
    (FOLDER / "refused").mkdir(exist_ok=True)
    save("refused/module.pth", model)
    save("refused/module.legacy.pth", Module(), _use_new_zipfile_serialization=False)
    torch.jit.script(nn.Linear(2, 2)).save(FOLDER / "refused/torchscript.pth")
    save("refused/eval.pth", {**state, "x": System()})
    save("refused/eval.legacy.pth", {**state, "x": System()}, _use_new_zipfile_serialization=False)
    save("refused/numpy_array.pth", {**state, "x": np.ones(3)})
    quantised = torch.quantize_per_tensor(torch.ones(3), 0.5, 0, torch.qint8)
    save("refused/quantised.pth", {**state, "q.weight": quantised})
    save("refused/sparse.pth", {**state, "s.weight": torch.eye(3).to_sparse()})
    save("refused/complex.pth", {**state, "c.weight": torch.ones(2, dtype=torch.complex64)})
    save("refused/tensor.pth", torch.ones(3))
    save("refused/list.pth", [torch.ones(3)])
    save("refused/two_networks.pth", {"netG": state, "netD": dict(state)})
    save("refused/no_tensors.pth", {"epoch": 3})


def main():
    torch.manual_seed(5)
    FOLDER.mkdir(parents=True, exist_ok=True)
    networks_files()
    state_dicts()
    element_types()
    small_floats()
    views()
    big_endian()
    shards()
    refused()
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    text = ",\n".join(f' "{k}": [\n  ' + ",\n  ".join(map(json.dumps, v)) + "]" for k, v in EXPECTED.items())
    (FOLDER / "expected.json").write_text(f"{{\n{text}}}\n")


if __name__ == "__main__":
    main()
