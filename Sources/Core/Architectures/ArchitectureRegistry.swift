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
        throw .unknownArchitecture(name, suggestion: suggestion(for: name))
    }

    /// The known name with the fewest edits from `name`, when few enough to be a slip.
    private static func suggestion(for name: String) -> String? {
        let key = name.prefix(64).lowercased().replacing("-", with: "_")
        let nearest = names.map { (name: $0, distance: editDistance(key, $0)) }
            .min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(1, nearest.name.count / 3) else { return nil }
        return nearest.name
    }
}

/// Levenshtein's distance: insertions, deletions and replacements that turn one text into the other.
func editDistance(_ left: String, _ right: String) -> Int {
    let columns = Array(right)
    var row = Array(0...columns.count)
    for (place, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = place + 1
        for column in columns.indices {
            let replaced = diagonal + (columns[column] == character ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        }
    }
    return row[columns.count]
}
