"""Pictures in many encodings, and what the reference libraries make of them.

The photographs are scikit-image's CC0 and public-domain ones. golden/<name>.png
is torchvision's evaluation crop (Pillow opens the file, convert("RGB"),
Resize(256), CenterCrop(224)); golden/<name>.keras.png is Keras' load_img at
224x224. The two .npy tables give, for every channel and every pixel value, the
number that the network is fed.
"""

import importlib.util
import os
import shutil
import struct
import warnings
import zlib
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import recipe  # noqa: E402
from vision import transforms  # noqa: E402

FOLDER = recipe.FIXTURES / "images"
GOLDEN = FOLDER / "golden"
FOR_KERAS = [
    "coffee_420", "rocket_tall", "chelsea_small", "astronaut_cmyk", "chelsea_rgba",
    "astronaut_grey16",
]  # fmt: skip
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]  # fmt: skip


def photograph(name, box=None, size=None):
    root = Path(importlib.util.find_spec("skimage").submodule_search_locations[0])
    with Image.open(next((root / "data").glob(f"{name}.*"))) as picture:
        picture = picture.convert("RGB")
    if box:
        picture = picture.crop(box)
    return picture.resize(size, Image.Resampling.LANCZOS) if size else picture


def packed(samples, depth):
    """One PNG row per row of `samples` (height, width * channels), `depth` bits each."""
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    bits = (samples[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]


def write_png(path, samples, depth, colour, interlaced=False):
    """PNG kinds that Pillow does not write. samples: (height, width, channels) integers."""
    height, width, _ = samples.shape
    parts = [samples]
    if interlaced:
        parts = [samples[y::down, x::across] for x, y, across, down in ADAM7]
    rows = b"".join(
        b"\0" + row
        for part in parts
        if part.size
        for row in packed(part.reshape(part.shape[0], -1), depth)
    )

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def write_pictures():
    def jpeg(name, picture, quality=80, **options):
        picture.save(FOLDER / f"{name}.jpg", "JPEG", quality=quality, **options)

    def png(name, picture, **options):
        picture.save(FOLDER / f"{name}.png", "PNG", optimize=True, **options)

    coffee = photograph("coffee")
    tall = (200, 0, 360, 427)  # of the rocket: sky, tower, smoke

    jpeg("coffee_420", coffee, subsampling="4:2:0")
    jpeg("chelsea_444", photograph("chelsea"), subsampling="4:4:4")
    jpeg("chelsea_422_odd", photograph("chelsea", (0, 0, 449, 299)), subsampling="4:2:2")
    jpeg("rocket_tall", photograph("rocket", tall, (150, 401)), subsampling="4:2:0")
    jpeg("rocket_taller", photograph("rocket", (216, 0, 344, 427), (300, 1000)), 60)
    jpeg("astronaut_progressive", photograph("astronaut", None, (333, 333)), progressive=True)
    jpeg("coffee_grey", photograph("coffee", None, (421, 281)).convert("L"))
    jpeg("astronaut_cmyk", photograph("astronaut", None, (310, 290)).convert("CMYK"), 70)
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg("rocket_exif6", photograph("rocket", None, (480, 320)), 70, exif=exif)
    jpeg("chelsea_restart", photograph("chelsea", None, (300, 263)), restart_marker_blocks=5)
    jpeg("coffee_rgb_coded", photograph("coffee", None, (290, 270)), 70, keep_rgb=True)
    jpeg("chelsea_short_256", photograph("chelsea", None, (385, 256)))
    jpeg("chelsea_small", photograph("chelsea", None, (173, 131)), subsampling="4:2:0")

    png("astronaut_rgb_odd", photograph("astronaut", (100, 0, 359, 257)))
    small = photograph("chelsea", None, (251, 229))
    rgba = small.copy()
    rgba.putalpha(Image.linear_gradient("L").resize(small.size))
    png("chelsea_rgba", rgba)
    palette = photograph("coffee", None, (300, 201)).quantize(60)
    png("coffee_palette_trns", palette, transparency=bytes(range(0, 240, 4)))
    png("coffee_palette_4bit", photograph("coffee", None, (300, 201)).quantize(13), bits=4)
    png("astronaut_grey", photograph("astronaut", None, (230, 241)).convert("L"))
    la = photograph("astronaut", None, (211, 239)).convert("LA")
    la.putalpha(Image.linear_gradient("L").resize(la.size))
    png("astronaut_grey_alpha", la)
    # Half of the values below 256: the others are clipped when Pillow makes RGB of it.
    grey = np.asarray(photograph("astronaut", None, (240, 230)).convert("L"), np.uint16)
    deep = grey.copy()
    deep[:, 120:] = grey[:, 120:] * 257
    Image.fromarray(deep).save(FOLDER / "astronaut_grey16.png", optimize=True)
    png("coffee_1bit", coffee.resize((400, 301)).convert("1"))

    values = np.asarray(photograph("chelsea", None, (150, 140)), np.int64)
    low = np.random.default_rng(7).integers(0, 4, values.shape) * 64 + 17
    write_png(FOLDER / "chelsea_rgb16.png", values * 256 + low, 16, 2)
    values = np.asarray(photograph("coffee", None, (203, 171)), np.int64)
    write_png(FOLDER / "coffee_interlaced.png", values, 8, 2, interlaced=True)
    grey = np.asarray(photograph("coffee", None, (301, 227)).convert("L"), np.int64)[..., None]
    write_png(FOLDER / "coffee_grey_2bit.png", grey >> 6, 2, 0)
    write_png(FOLDER / "coffee_grey_4bit.png", grey >> 4, 4, 0)


def write_goldens():
    crop = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    paths = sorted(p for p in FOLDER.iterdir() if p.suffix in (".jpg", ".png"))
    for path in paths:
        with Image.open(path) as picture:
            kind = f"{picture.format} {picture.mode} {picture.size}"
            crop(picture.convert("RGB")).save(GOLDEN / f"{path.stem}.png", optimize=True)
        if path.stem in FOR_KERAS:
            picture = keras.utils.load_img(path, target_size=(224, 224))
            picture.save(GOLDEN / f"{path.stem}.keras.png", optimize=True)
        print(f"{path.name:28} {path.stat().st_size:7} {kind}")
    assert len({p.stem for p in paths}) == len(paths)


def write_tables():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    normalise = transforms.Compose(
        [
            transforms.ToTensor(),
            transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    table = normalise(Image.fromarray(ramp)).numpy()[:, 0]
    assert table.shape == (3, 256) and table.dtype == np.float32
    np.save(GOLDEN / "normalise_torchvision.npy", table)
    table = keras.applications.vgg16.preprocess_input(ramp.astype(np.float32)[None])
    table = np.ascontiguousarray(np.asarray(table)[0, 0].T)
    assert table.shape == (3, 256) and table.dtype == np.float32
    np.save(GOLDEN / "normalise_keras_caffe.npy", table)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Palette images with Transparency")
    shutil.rmtree(GOLDEN, ignore_errors=True)
    GOLDEN.mkdir(parents=True)
    write_pictures()
    write_goldens()
    write_tables()
