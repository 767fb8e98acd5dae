import IR

/// The networks Ferry knows, as a table.
package enum ArchitectureRegistry {
    /// Every architecture, families together.
    package static let architectures: [Architecture] =
        [LeNet5.relu, LeNet5.tanh, LeNet5Original.network]
        + [AlexNet.network, AlexNet2012.network, AlexNet2012.caffe] + VGG.networks

    /// Those that tensors alone may be taken for; others are asked for by name, or have a graph.
    static let recognizedByTensors = architectures.filter { $0.sharesTensorsOf == nil }

    package static var names: [String] { architectures.map(\.name) }

    /// The architecture called `name`.
    ///
    /// - Throws: `.unknownArchitecture`, with the name most like it.
    package static func architecture(
        named name: String
    ) throws(TranslationError) -> Architecture {
        if let found = architectures.first(where: { $0.name == name }) { return found }
        throw .unknownArchitecture(name, suggestion: nearestName(to: name, among: names))
    }
}
