package import FormatInterface
import Foundation
import HDF5Format
package import IR
import Tensors
import ZIPContainer

extension KerasH5Format {
    /// Writes a model that Keras 3 and Keras 2 open.
    ///
    /// - Throws: `OutputError` for networks that Keras has no layers for.
    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        let model = try WrittenModel(
            checkpoint, format: name, destination: file.destination, allowsOperations: false)
        try HDF5Metadata.check(checkpoint.metadata, file.destination)
        var metadata = checkpoint.metadata.filter {
            !["backend", "keras_version"].contains($0.key)
        }
        metadata["model_config"] = model.config(isArchive: false)
        let weighted = model.layers.filter { !$0.weights.isEmpty }
        try HDF5Writer.write(to: file) {
            writer throws(OutputError) in
            // Without a version Keras takes kernels for those of Keras 1.
            let versions = [("backend", "tensorflow"), ("keras_version", writtenVersion)]
            for (key, text) in metadata.sorted(by: { $0.key < $1.key }) + versions {
                try writer.write(text, attribute: key, of: "/")
            }
            try writer.makeGroup("model_weights")
            for (key, text) in versions {
                try writer.write(text, attribute: key, of: "model_weights")
            }
            try writer.write(
                weighted.map(\.name), attribute: "layer_names", of: "model_weights")
            for layer in weighted {
                let group = "model_weights/\(layer.name)"
                let names = layer.leaves.map { "\(layer.name)/\($0):0" }
                try writer.makeGroup(group)
                try writer.write(names, attribute: "weight_names", of: group)
                for (name, tensor) in zip(names, layer.weights) {
                    try writer.write(tensor, to: "\(group)/\(name)")
                }
            }
        }
    }

    /// The youngest Keras whose layouts are those of this file in every respect.
    static let writtenVersion = "2.15.0"
}

extension KerasArchiveFormat {
    /// Writes a model that Keras 3 and, where it has no operations, Keras 2 open.
    ///
    /// - Throws: `OutputError` for networks that Keras has no layers for.
    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        let model = try WrittenModel(
            checkpoint, format: name, destination: file.destination, allowsOperations: true)
        var metadata = checkpoint.metadata
        metadata["keras_version"] = writtenVersion
        metadata["backend"] = nil
        let structure = TemporaryFile(beside: file)
        let elements = try HDF5Writer.writeStructure(
            to: structure.path, for: file.destination
        ) { writer throws(OutputError) in
            try NumberedWriting.write(
                model.layers.map { ($0.className, $0.name, $0.weights) }, metadata: [:],
                to: &writer)
        }
        let members = JSONValue.object(metadata.mapValues { .string($0) })
        var archive = ZIPWriter()
        try archive.append(metadataName, Array(members.text.utf8), to: file)
        let config = Array(model.config(isArchive: true).utf8)
        try archive.append(configName, config, to: file)
        let parts = Self.parts(try InputFile(path: structure.path).storage, elements)
        try archive.append(weightsName, parts, alignment: 4096, to: file)
        try archive.finish(to: file)
    }

    /// A file in order: its structure, and the elements in their places.
    private static func parts(
        _ structure: ByteStorage, _ elements: [(tensor: Tensor, offset: Int)]
    ) -> [Tensor] {
        var parts: [Tensor] = []
        var end = 0
        for (tensor, offset) in elements {
            parts += [ByteRegion(structure, end..<offset).tensor, tensor]
            end = offset + tensor.byteCount
        }
        return parts + [ByteRegion(structure, end..<structure.count).tensor]
    }

    static let writtenVersion = "3.0.0"
}

extension Keras3WeightsFormat {
    /// Writes weights that Keras 3 loads into a model with the same layers.
    ///
    /// - Throws: `OutputError` for tensors that are no known layer's.
    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        try HDF5Metadata.check(checkpoint.metadata, file.destination)
        try checkpoint.checkHasNoLooseArrays(file.destination)
        var layers: [(className: String, name: String, weights: [Tensor])] = []
        for tensor in checkpoint.tensors {
            guard let layer = tensor.layer else {
                throw OutputError(
                    file: file.destination,
                    problem: "tensor \(tensor.name): expected its layer's name")
            }
            if layers.last?.name == layer {
                layers[layers.count - 1].weights.append(tensor.tensor)
                continue
            }
            let leaf = tensor.name.split(separator: "/").last.map { $0.prefix { $0 != ":" } } ?? ""
            let className: String
            switch (leaf, tensor.tensor.rank) {
            case ("kernel", 4): className = "Conv2D"
            case ("kernel", 2): className = "Dense"
            case ("depthwise_kernel", 4): className = "DepthwiseConv2D"
            case ("gamma", 1), ("beta", 1), ("moving_mean", 1): className = "BatchNormalization"
            default:
                throw OutputError(
                    file: file.destination,
                    problem: "tensor \(tensor.name): expected a weight of a known layer, found "
                        + "one of shape \(tensor.tensor.shape)")
            }
            layers.append((className, layer, [tensor.tensor]))
        }
        // Numbers alone do not say which of four weights are missing.
        if let layer = layers.first(where: {
            $0.className == "BatchNormalization" && $0.weights.count != 4
        }) {
            throw OutputError(
                file: file.destination,
                problem: "layer \(layer.name): expected a normalisation with scale, shift, mean "
                    + "and variance, found \(layer.weights.count) of them; convert to keras or to "
                    + "keras-weights-h5, which name them")
        }
        try HDF5Writer.write(to: file) {
            writer throws(OutputError) in
            try NumberedWriting.write(layers, metadata: checkpoint.metadata, to: &writer)
        }
    }
}

/// Writing Keras 3's numbered groups.
enum NumberedWriting {
    static func write(
        _ layers: [(className: String, name: String, weights: [Tensor])],
        metadata: [String: String], to writer: inout HDF5Writer
    ) throws(OutputError) {
        for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
            try writer.write(text, attribute: key, of: "/")
        }
        // Keras 2 looks for the model's own variables.
        try writer.makeGroup("vars")
        var numbers: [String: Int] = [:]
        for layer in layers {
            let word = NumberedGroups.word(of: layer.className)
            let number = numbers[word] ?? 0
            numbers[word] = number + 1
            if layer.weights.isEmpty { continue }
            let group = "layers/\(word)\(number == 0 ? "" : "_\(number)")/vars"
            try writer.makeGroup(group)
            try writer.write(layer.name, attribute: "name", of: group)
            for (index, tensor) in layer.weights.enumerated() {
                try writer.write(tensor, to: "\(group)/\(index)")
            }
        }
    }
}

/// A file beside one that is being written, which goes when its owner does.
private struct TemporaryFile: ~Copyable {
    let path: String

    init(beside file: borrowing OutputFile) { path = file.temporaryPath + ".weights" }

    deinit { unsafe _ = unlink(path) }
}
