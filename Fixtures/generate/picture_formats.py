"""Write Fixtures/images/formats: one small picture per kind of JPEG and PNG, and Pillow's RGB of it.

Run with Pillow 13.0.0 and the system's libturbojpeg.so.0 (for 4:1:1 and arithmetic coding).
pillow.txt holds a line for each: NAME WIDTH HEIGHT HASH, the 64-bit FNV-1a hash of the bytes of
Image.open(NAME).convert("RGB"). Further lines: NAME#upright, of ImageOps.exif_transpose; and
resize#FILTER, of a picture made by a formula (see `pattern`) resized to WIDTH x HEIGHT.
"""
import ctypes, io, os, pathlib, random, struct, zlib
import PIL
from PIL import Image, ImageOps

assert PIL.__version__ == "13.0.0", PIL.__version__
OUT = pathlib.Path(__file__).resolve().parent.parent / "images" / "formats"
OUT.mkdir(parents=True, exist_ok=True)
rng = random.Random(20260101)


def smooth(width, height, bands=3):
    """A gradient with blobs and a little noise: every band differs, and edges exist."""
    data = bytearray()
    for y in range(height):
        for x in range(width):
            for band in range(bands):
                value = (x * (5 + band) + y * (9 - 2 * band)) % 256
                if (x - 20) ** 2 + (y - 12 - 3 * band) ** 2 < 90:
                    value = 255 - value // 2
                data.append(max(0, min(255, value + rng.randrange(-6, 7))))
    return bytes(data)


def record(name, image):
    value = 0xCBF29CE484222325
    for byte in image.tobytes():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    lines.append(f"{name} {image.width} {image.height} {value:016x}")


lines = []


def keep(name, content):
    (OUT / name).write_bytes(content)
    record(name, Image.open(io.BytesIO(content)).convert("RGB"))


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


W, H = 53, 37
rgb = Image.frombytes("RGB", (W, H), smooth(W, H))
grey = Image.frombytes("L", (W, H), smooth(W, H, 1))
cmyk = Image.frombytes("CMYK", (W, H), smooth(W, H, 4))

# JPEG
for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
    keep(f"jpeg_{name}.jpg", encoded(rgb, "JPEG", quality=90, subsampling=sampling))
keep("jpeg_progressive.jpg", encoded(rgb, "JPEG", quality=80, progressive=True))
keep("jpeg_restart.jpg", encoded(rgb, "JPEG", quality=80, restart_marker_blocks=1))
keep("jpeg_grey.jpg", encoded(grey, "JPEG", quality=85))
keep("jpeg_rgb.jpg", encoded(rgb, "JPEG", quality=90, keep_rgb=True))
cmyk_file = encoded(cmyk, "JPEG", quality=90)
keep("jpeg_cmyk.jpg", cmyk_file)
adobe = cmyk_file.index(b"Adobe")
keep("jpeg_ycck.jpg", cmyk_file[: adobe + 11] + b"\x02" + cmyk_file[adobe + 12 :])
base = encoded(rgb, "JPEG", quality=90)
keep("jpeg_extraneous.jpg", base[:-2] + b"\x12\x34" * 20 + base[-2:])


def turbo(sampling, arithmetic=False):
    library = ctypes.CDLL("libturbojpeg.so.0")
    library.tjInitCompress.restype = ctypes.c_void_p
    os.environ.pop("TJ_ARITHMETIC", None)
    if arithmetic:
        os.environ["TJ_ARITHMETIC"] = "1"
    handle = ctypes.c_void_p(library.tjInitCompress())
    out, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_ulong()
    done = library.tjCompress2(
        handle, rgb.tobytes(), W, 0, H, 0, ctypes.byref(out), ctypes.byref(size), sampling, 90, 0)
    assert done == 0
    return bytes(out[: size.value])


keep("jpeg_411.jpg", turbo(5))
keep("jpeg_440.jpg", turbo(4))
keep("jpeg_arithmetic.jpg", turbo(2, arithmetic=True))

# EXIF: the stored pixels are the golden, whatever the orientation.
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    small = Image.frombytes("RGB", (5, 3), smooth(5, 3))
    keep(f"exif_{orientation}.png", encoded(small, "PNG", exif=exif))
    turned = ImageOps.exif_transpose(Image.open(OUT / f"exif_{orientation}.png"))
    record(f"exif_{orientation}.png#upright", turned)
exif = Image.Exif()
exif[0x0112] = 6
keep("jpeg_exif_6.jpg", encoded(rgb, "JPEG", quality=90, exif=exif))


# PNG, chunk by chunk: Pillow writes few of the kinds.
def png(width, height, depth, color, chunks=(), filtered=None, interlaced=None):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    bits = samples * depth
    limit = 1 << depth

    def scanlines(w, h):
        data = b""
        for _ in range(h):
            data += bytes([rng.randrange(5)]) + bytes(rng.randrange(256) for _ in range((w * bits + 7) // 8))
        return data

    if interlaced:
        passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
        data = b""
        for x, y, dx, dy in passes:
            w, h = -(-(width - x) // dx), -(-(height - y) // dy)
            data += scanlines(w, h) if w > 0 and h > 0 else b""
    else:
        data = scanlines(width, height)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 1 if interlaced else 0)
    body = chunk(b"IHDR", header) + b"".join(chunk(k, d) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def palette(count):
    return (b"PLTE", bytes(rng.randrange(256) for _ in range(3 * count)))


for depth in (1, 2, 4, 8, 16):
    keep(f"png_grey{depth}.png", png(19, 13, depth, 0))
for depth in (1, 2, 4, 8):
    keep(f"png_palette{depth}.png", png(19, 13, depth, 3, [palette(1 << depth)]))
keep("png_palette_trns.png", png(19, 13, 8, 3, [palette(256), (b"tRNS", bytes(range(100)))]))
keep("png_grey8_trns.png", png(19, 13, 8, 0, [(b"tRNS", b"\0\x10")]))
keep("png_rgb8_trns.png", png(19, 13, 8, 2, [(b"tRNS", b"\0\1\0\2\0\3")]))
for name, color in (("rgb", 2), ("greyalpha", 4), ("rgba", 6)):
    for depth in (8, 16):
        keep(f"png_{name}{depth}.png", png(19, 13, depth, color))
for name, depth, color in (("grey1", 1, 0), ("grey16", 16, 0), ("rgb8", 8, 2), ("rgba16", 16, 6)):
    keep(f"png_interlaced_{name}.png", png(19, 13, depth, color, interlaced=True))
gamma = [(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0"), (b"cHRM", bytes(32))]
keep("png_gamma.png", png(19, 13, 8, 2, gamma))
keep("png_broken_exif.png", png(19, 13, 8, 2, [(b"eXIf", b"MM\0*\0\0\0\x08\0\xff\1")]))

# Resizing: smooth in one band, edges in another, near-noise in the third.
def pattern(width, height):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            data += bytes(((x * 3 + y * 2) % 256, 255 * ((x // 7 + y // 5) % 2), x * y * 37 % 251))
    return Image.frombytes("RGB", (width, height), bytes(data))


source = pattern(61, 47)
for name in ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"):
    for size in ((24, 24), (100, 80), (61, 9), (60, 11), (13, 47), (7, 3), (200, 5)):
        record(f"resize#{name}", source.resize(size, getattr(Image.Resampling, name.upper())))

(OUT / "pillow.txt").write_text("\n".join(lines) + "\n")
