package import FormatInterface
package import IR
import Tensors

extension KerasWeightsHDF5Format {
    /// Writes a weights file that Keras 3, tf.keras and Keras 2 load.
    ///
    /// Metadata becomes text attributes of the root group. Without one of its own, the file says
    /// `backend` "tensorflow" and a `keras_version` of 2: Keras takes a file without a version for
    /// one of Keras 1, and transposes its kernels.
    ///
    /// - Throws: `OutputError` for a tensor without a layer, names HDF5 cannot hold, and two
    ///   tensors under one name.
    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        try checkpoint.checkHasNoLooseArrays(file.destination)
        let layers = try layers(of: checkpoint, file.destination)
        var metadata = checkpoint.metadata
        try HDF5Metadata.check(metadata, file.destination)
        metadata["backend"] = metadata["backend"] ?? "tensorflow"
        metadata["keras_version"] = metadata["keras_version"] ?? "2.15.0"
        try HDF5Writer.write(to: file) {
            writer throws(OutputError) in
            try writer.write(layers.map(\.name), attribute: "layer_names", of: "/")
            for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
                try writer.write(text, attribute: key, of: "/")
            }
            for layer in layers {
                try writer.makeGroup(layer.name)
                try writer.write(
                    layer.weights.map(\.name), attribute: "weight_names", of: layer.name)
                for weight in layer.weights {
                    try writer.write(weight.tensor, to: "\(layer.name)/\(weight.name)")
                }
            }
        }
    }

    /// The tensors by layer, both in the checkpoint's order.
    private static func layers(
        of checkpoint: Checkpoint, _ destination: String
    ) throws(OutputError) -> [(name: String, weights: [NamedTensor])] {
        var layers: [(name: String, weights: [NamedTensor])] = []
        var positions: [String: Int] = [:]
        var paths: Set<String> = []
        for tensor in checkpoint.tensors {
            guard let layer = tensor.layer else {
                throw OutputError(
                    file: destination, problem: "tensor \(tensor.name): expected its layer's name")
            }
            let path = "\(layer)/\(tensor.name)"
            try HDF5Path.check(path, destination)
            guard paths.insert(path).inserted else {
                throw OutputError(file: destination, problem: "two tensors are named \(path)")
            }
            if let position = positions[layer] {
                layers[position].weights.append(tensor)
            } else {
                positions[layer] = layers.count
                layers.append((layer, [tensor]))
            }
        }
        return layers
    }
}
