"""Records an ONNX model in ONNX Runtime: inputs, outputs, and every value between.

usage: record_onnxruntime.py MODEL FOLDER [--input X.npy …] [--seed N] [--batch N]

Activations are named as the graph's values are. Graph optimisations are off, so that every value
exists.
"""

import numpy as np
import onnx
import onnxruntime

import recording


def session(path):
    """A session whose outputs are the model's and then all other float values of nodes."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    declared = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    # Without a type: the runtime knows it.
    model.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in names if name not in declared
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    ), len(declared)


def main():
    parser = recording.parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("folder")
    options = parser.parse_args()
    running, declared = session(options.model)
    given = running.get_inputs()
    if len(given) != 1:
        raise SystemExit(f"{options.model}: expected one input, found {len(given)}")
    shape = tuple(side if isinstance(side, int) else 1 for side in given[0].shape)
    names = [output.name for output in running.get_outputs()]
    sets = []
    for array in recording.inputs(options, shape):
        values = dict(zip(names, running.run(None, {given[0].name: array})))
        outputs = {name: values[name] for name in names[:declared]}
        activations = {
            name: value for name, value in values.items()
            if np.issubdtype(value.dtype, np.floating)
        }
        sets.append(({given[0].name: array}, outputs, activations))
    recording.save(options.folder, sets, f"ONNX Runtime {onnxruntime.__version__}, float32")


if __name__ == "__main__":
    main()
