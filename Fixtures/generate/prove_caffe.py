"""Proves, outside Ferry, that it carries Caffe's VGG-16 at full size.

    python prove_caffe.py --ferry PATH_TO_BINARY [--folder FOLDER]

A seeded VGG-16 (528 MiB, layers of 2013 with 4-D shapes) is converted to ONNX and
safetensors. Every weight is compared with the bits that were written, the outputs
with OpenCV's. Prints wall times and the largest growth of anonymous memory, and
exits with 1 when something differs or memory grows by more than 96 MiB in a conversion.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import load_file

import caffe_models as caffe
import recipe
from watched import run

LIMIT = 96 << 20
SHAPE = (1, 3, 224, 224)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ferry", required=True)
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = Path(options.folder or tempfile.mkdtemp())
    model, proto = folder / "vgg16.caffemodel", folder / "vgg16.prototxt"
    layers = caffe.vgg16(caffe.Weights(1), (64, 128, 256, 512, 512), 4096, 1000)
    deploy = layers + [caffe.layer("prob", "Softmax", "fc8")]
    with open(model, "wb") as file:
        for piece in [layers[:-3], layers[-3:]]:
            # Repeated fields may be written one after the other.
            file.write(caffe.binary("VGG16", piece, old=True))
    proto.write_text(caffe.prototxt("VGG16", SHAPE, deploy, old=True))
    print(f"{model}: {model.stat().st_size / 2**20:.1f} MiB")
    expected = [blob for layer in layers for blob in layer["blobs"]]

    peaks = []
    for ending in ["onnx", "safetensors"]:
        words = [options.ferry, "convert", proto, folder / f"vgg16.{ending}", "--force"]
        peaks.append(run(f"prototxt → {ending}", words))
    graph = onnx.load(folder / "vgg16.onnx").graph
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = [name for node in graph.node for name in node.input if name in found]
    same = [np.array_equal(found[n].view(np.uint32), e.view(np.uint32))
            for n, e in zip(names, expected, strict=True)]
    other = load_file(folder / "vgg16.safetensors")
    same += [np.array_equal(other[n].view(np.uint32), e.view(np.uint32))
             for n, e in zip(names, expected)]
    print(f"{sum(same)} of {len(same)} weights bit-equal to those written")

    picture = folder / "x.npy"
    np.save(picture, recipe.make_input(SHAPE, 1))
    run("prototxt, run", [options.ferry, "run", proto, "--input", picture, "--output",
                          folder / "y.npy", "--force"])
    net = cv2.dnn.readNetFromCaffe(str(proto), str(model))
    net.setInput(np.load(picture), "data")
    reference, answer = net.forward(), np.load(folder / "y.npy")
    bound = 1e-4 * np.abs(reference) + 1e-5 * np.abs(reference).max()
    worst = (np.abs(answer - reference) / bound).max()
    print(f"outputs against OpenCV's: largest difference {worst:.3f} of what the pass line allows")
    grown = max(peaks)
    print(f"largest growth in a conversion: {grown / 2**20:.1f} MiB")
    sys.exit(not all(same) or worst > 1 or grown > LIMIT)


if __name__ == "__main__":
    main()
