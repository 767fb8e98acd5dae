"""Proves, outside Ferry, that its ONNX files are in order at every opset it writes.

    python prove_opsets.py --ferry PATH_TO_BINARY

AlexNet and VGG-16-BN, narrow, are written by `ferry convert --opset N` for every N that Ferry
claims, and must pass onnx.checker with full_check, open in ONNX Runtime where it knows the opset,
and give the source framework's outputs: 1e-4 |ref| + 1e-5 max|ref|. Exits with 1 otherwise.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "Fixtures/models"
NETWORKS = ["alexnet_narrow", "vgg16_bn_narrow"]


def claimed():
    """The versions in Ferry's own table."""
    text = (ROOT / "Sources/Formats/ONNXFormat/WrittenOpset.swift").read_text()
    first, last = re.search(r"range = (\d+)\.\.\.(\d+)", text).groups()
    return range(int(first), int(last) + 1)


def problem(binary, network, opset, folder):
    """What is wrong with the file of one opset; None when nothing is."""
    path = folder / f"{network}_{opset}.onnx"
    done = subprocess.run(
        [binary, "convert", MODELS / network / f"{network}.onnx", path, "--opset", str(opset)],
        capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    model = onnx.load(path)
    found = {entry.domain: entry.version for entry in model.opset_import}
    if found != {"": opset}:
        return f"opsets {found}"
    onnx.checker.check_model(model, full_check=True)
    golden = MODELS / network / "golden"
    x, expected = np.load(golden / "input_0.npy"), np.load(golden / "output_0.float64.npy")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    y = session.run(None, {session.get_inputs()[0].name: x})[0]
    allowed = 1e-4 * np.abs(expected) + 1e-5 * np.abs(expected).max()
    error = float((np.abs(y - expected) / allowed).max())
    print(f"opset {opset:2}, IR {model.ir_version:2}, {network:16}: checked, ONNX Runtime's error "
          f"{error:.3f} of what is allowed")
    return None if error <= 1 else f"error {error:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ferry", required=True, type=Path)
    arguments = parser.parse_args()
    failures = 0
    onnxruntime.set_default_logger_severity(3)
    with tempfile.TemporaryDirectory() as folder:
        for opset in claimed():
            for network in NETWORKS:
                try:
                    found = problem(arguments.ferry, network, opset, Path(folder))
                except Exception as error:  # any library's refusal is the finding
                    found = " ".join(str(error).split())[:300]
                if found:
                    failures += 1
                    print(f"FAILED opset {opset}, {network}: {found}")
    print(f"{len(claimed())} opsets, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
