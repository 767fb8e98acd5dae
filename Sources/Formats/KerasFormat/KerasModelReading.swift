import FormatInterface
import HDF5Format
import IR
import Tensors

/// Putting a configuration and its weights together.
struct KerasModelReading {
    let format: String
    /// The file on disk, for messages.
    let path: String
    let source: HDF5Source

    /// - Parameters:
    ///   - config: text of the configuration.
    ///   - place: where the text stands, for messages.
    ///   - find: where the file keeps each layer's weights.
    func checkpoint(
        config: [UInt8], in place: String, version: KerasVersion, metadata: [String: String],
        find: (KerasNetwork) throws -> KerasWeightPlaces
    ) throws -> Checkpoint {
        do {
            let network = try Self.network(config, place)
            let places = try find(network).places
            let tensors = try HDF5File.tensors(places.map(\.dataset), of: source)
            var weights: [String: [String: Tensor]] = [:]
            var named: [NamedTensor] = []
            for (place, tensor) in zip(places, tensors) {
                weights[place.layer, default: [:]][place.leaf] = tensor
                // How many samples a Normalization has seen is no weight.
                if place.leaf == "count" { continue }
                named.append(
                    NamedTensor(
                        name: KerasGraphBuilder.weight(place.layer, place.leaf),
                        layer: place.layer, tensor: tensor))
            }
            var metadata = metadata
            metadata["ferry.keras_kernels"] = version.kernels(of: network)
            var graph = try KerasGraphBuilder.graph(
                of: network, weights: weights, version: version)
            var constants: Set<String> = Set(named.map(\.name))
            graph.recognizeResponseNorms(&named, &constants)
            do {
                try graph.sortNodes(constants: constants)
                try graph.checkTypes(constants: named)
            } catch {
                throw InputError(file: path, format: format, problem: "\(error)")
            }
            return Checkpoint(
                convention: .keras, tensors: named, graph: graph, metadata: metadata,
                producer: "keras \(version.text)")
        } catch let error as ContentError {
            throw error.inputError(file: path, format: format)
        }
    }

    private static func network(_ text: [UInt8], _ place: String) throws(ContentError)
        -> KerasNetwork
    {
        let config: JSONValue
        do throws(JSONError) {
            config = try JSONValue(text)
        } catch {
            throw ContentError(error, in: place)
        }
        return try KerasNetwork(config)
    }
}

extension KerasVersion {
    /// Who made a network's kernels, where it is not TensorFlow or one that does the same; nil else.
    fileprivate func kernels(of network: KerasNetwork) -> String? {
        if backend == "theano" { return "theano" }
        guard major < 2, backend == nil else { return nil }
        let isTheirs = network.leaves().contains { leaf in
            ["Convolution2D", "Conv2D"].contains(leaf.layer.className)
                && (try? leaf.layer.isChannelsLast()) == false
        }
        return isTheirs ? "unknown" : nil
    }
}
