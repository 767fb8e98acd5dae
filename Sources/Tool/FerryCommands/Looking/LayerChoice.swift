import Architectures
import FormatInterface
import IR
import Images
import Tensors

/// Finding what a layer's name means.
extension ModelFile {
    /// A convolution whose weights are in the file.
    struct Convolution {
        let name: String
        /// The kernel [out, in / groups, height, width].
        let kernel: Tensor
        /// Whether it is the first to read a picture of three channels.
        let readsColors: Bool
    }

    /// The convolution of a name, or without one the first.
    ///
    /// - Throws: `UsageError` that lists the convolutions; `InputError` when there is none.
    func convolution(named name: String?) throws -> Convolution {
        let all = convolutions
        guard let first = all.first else {
            throw InputError(
                file: path, format: format,
                expected: "a convolution over pictures with its weights", found: "none")
        }
        guard let name else { return first.convolution }
        guard let found = all.first(where: { $0.convolution.name == name || $0.weight == name })
        else {
            throw unknownLayer(
                name, option: "--filters", noun: "convolution", among: all.map(\.convolution.name))
        }
        return found.convolution
    }

    private var convolutions: [(convolution: Convolution, weight: String)] {
        var isFirst = true
        return model.graph.nodes.compactMap { node in
            guard let op = node.op as? Conv, node.inputs.count > 1,
                let kernel = model.weights[node.inputs[1]], kernel.rank == 4,
                kernel.elementCount > 0, !model.missing.contains(node.inputs[1])
            else { return nil }
            defer { isFirst = false }
            let convolution = Convolution(
                name: node.name, kernel: kernel,
                readsColors: isFirst && op.group == 1 && kernel.shape[1] == 3)
            return (convolution, node.inputs[1])
        }
    }

    /// The value that a layer gives, or without a name the first convolution.
    ///
    /// - Parameter name: of a layer, a node or a value.
    /// - Throws: `UsageError` that lists the layers.
    func layerOutput(named name: String?) throws -> (layer: String, value: String) {
        let groups = model.nodeGroups
        guard let name else {
            guard let node = model.graph.nodes.first(where: { $0.op is Conv }) else {
                throw UsageError("expected --layer, as \(path) has no convolution")
            }
            return (node.name, node.outputs[0])
        }
        let nodes = groups.compactMap(\.nodes.last) + model.graph.nodes
        let found =
            nodes.first { $0.name == name && !name.isEmpty }
            ?? nodes.first { $0.outputs.contains(name) && !name.isEmpty }
        guard let found else {
            throw unknownLayer(name, option: "--layer", noun: "layer", among: groups.map(\.name))
        }
        return (name, found.outputs.contains(name) ? name : found.outputs[0])
    }

    private func unknownLayer(
        _ name: String, option: String, noun: String, among known: [String]
    ) -> UsageError {
        let listed = known.prefix(12).joined(separator: ", ")
        let rest =
            known.count > 12 ? " and \(known.count - 12) more ('ferry inspect' lists them)" : ""
        return UsageError(
            "\(option): expected a \(noun) of \(path), found '\(name)'"
                + "\(didYouMean(name, among: known)); they are \(listed)\(rest)")
    }
}
