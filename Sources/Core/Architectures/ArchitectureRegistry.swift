import IR

/// The networks Ferry knows, as a table.
package enum ArchitectureRegistry {
    /// Every architecture, families together.
    package static let architectures: [Architecture] =
        [LeNet5.relu, LeNet5.tanh, AlexNet.network] + VGG.networks

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
