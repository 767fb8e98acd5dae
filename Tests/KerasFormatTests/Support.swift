import Architectures
import FormatInterface
import Formats
import Foundation
import HDF5Format
import IR
import KerasFormat
import Tensors
import TestSupport
import ZIPContainer

/// A file of Fixtures/keras.
func fixture(_ path: String) throws -> InputFile {
    try InputFile(path: Fixtures.url("keras/\(path)").path)
}

/// What a file's network answers by the plain meaning of its operators.
func answer(_ checkpoint: Checkpoint, to input: Tensor) throws -> Tensor {
    let model = try Translation.model(from: checkpoint)
    let isTurned = model.inputLayout == .nhwc && input.rank == 4
    let given = isTurned ? input.permuted([0, 3, 1, 2]) : input
    let values = try model.graph.evaluate(
        [model.graph.inputs[0].name: given], constants: model.weights)
    return values[model.graph.outputs[0].name] ?? given
}

/// The largest distance between two tensors.
func distance(_ a: Tensor, _ b: Tensor) -> Double {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.doubles(), b.doubles()).map { abs($0 - $1) }.max() ?? 0
}

/// Files that Ferry never writes, for one test.
struct Scratch {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func write(_ checkpoint: Checkpoint, as format: any ModelFormat.Type) throws -> InputFile {
        let path = folder.path("written")
        try OutputFile.write(to: path, replacing: true) { file in
            try format.write(checkpoint, to: file)
        }
        return try InputFile(path: path)
    }

    /// A whole-model HDF5 file with a configuration of any text, and weights.
    func h5(
        _ config: String, _ layers: [(name: String, weights: [(String, Tensor)])] = [],
        version: String? = "2.15.0"
    ) throws -> InputFile {
        let path = folder.path("model.h5")
        try OutputFile.write(to: path, replacing: true) { file in
            try HDF5Writer.write(to: file) { writer throws(OutputError) in
                try writer.write(config, attribute: "model_config", of: "/")
                try writer.makeGroup("model_weights")
                if let version {
                    try writer.write(version, attribute: "keras_version", of: "model_weights")
                }
                try writer.write(layers.map(\.name), attribute: "layer_names", of: "model_weights")
                for layer in layers {
                    let group = "model_weights/\(layer.name)"
                    try writer.makeGroup(group)
                    try writer.write(
                        layer.weights.map(\.0), attribute: "weight_names", of: group)
                    for (name, tensor) in layer.weights {
                        try writer.write(tensor, to: "\(group)/\(name)")
                    }
                }
            }
        }
        return try InputFile(path: path)
    }

    /// An archive of any members.
    func archive(_ members: [(String, [UInt8])]) throws -> InputFile {
        let path = folder.path("model.keras")
        try OutputFile.write(to: path, replacing: true) { file in
            var writer = ZIPWriter()
            for (name, bytes) in members {
                try writer.append(name, bytes, to: file)
            }
            try writer.finish(to: file)
        }
        return try InputFile(path: path)
    }
}

/// A model of an input of 8 × 8 × 3 and one more layer.
func model(_ className: String, _ config: String, nodes: String? = nil) -> String {
    let calls = nodes ?? "[[[\"image\", 0, 0, {}]]]"
    return """
        {"class_name": "Functional", "config": {"name": "m", "layers": [
        {"class_name": "InputLayer", "name": "image", "inbound_nodes": [],
        "config": {"name": "image", "batch_input_shape": [null, 8, 8, 3]}},
        {"class_name": "\(className)", "name": "layer", "inbound_nodes": \(calls),
        "config": {"name": "layer", \(config)}}],
        "input_layers": [["image", 0, 0]], "output_layers": [["layer", 0, 0]]}}
        """
}

/// The message of what `body` throws.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}
