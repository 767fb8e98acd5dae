"""LocalResponseNorm as PyTorch's two exporters spell it out, with PyTorch's outputs.

    onnx/lrn_SIZE_EXPORTER.onnx, onnx/lrn_input_0.npy, onnx/lrn_SIZE_output_0.npy

Exporters: torchscript with a fixed and with an open batch, dynamo with an open one. Of an even
size, PyTorch's window lies elsewhere than LRN's.
"""

import warnings

import numpy as np
import onnx
import torch

import recipe

FOLDER = recipe.FIXTURES / "onnx"


class Normalized(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3)
        self.norm = torch.nn.LocalResponseNorm(size, alpha=0.3, beta=0.6, k=2.0)
        self.last = torch.nn.Conv2d(8, 4, 3)

    def forward(self, x):
        return self.last(self.norm(torch.relu(self.first(x))))


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(4)
    x = torch.randn(2, 3, 9, 11) * 2
    np.save(FOLDER / "lrn_input_0.npy", x.numpy())
    names = {"input_names": ["x"], "output_names": ["y"]}
    for size in (5, 4):
        network = Normalized(size).eval()
        stem = FOLDER / f"lrn_{size}"
        np.save(f"{stem}_output_0.npy", network(x).detach().numpy())
        for kind, axes in (("torchscript", None), ("torchscript_batch", {"x": {0: "N"}})):
            torch.onnx.export(
                network, (x,), f"{stem}_{kind}.onnx", dynamo=False, opset_version=17,
                dynamic_axes=axes, **names)
        program = torch.onnx.export(
            network, (x,), dynamo=True, verbose=False,
            dynamic_shapes={"x": {0: torch.export.Dim("N")}}, **names)
        model = program.model_proto
        # Stack traces hold local paths.
        for node in model.graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        onnx.save(model, f"{stem}_dynamo_batch.onnx")


if __name__ == "__main__":
    main()
