package import FormatInterface

/// The lists in which Keras' legacy files name their layers and weights, below one group.
///
/// Keras 1 and later list `layer_names` and, for each layer, `weight_names`; lists too long for one
/// attribute are split: `layer_names0`, `layer_names1` … Keras 0 counts: `nb_layers`, `nb_params`.
package struct KerasWeightLists {
    package struct Weight: Sendable {
        package var name: String
        package var dataset: HDF5Dataset
    }

    package struct Layer: Sendable {
        package var name: String
        /// Empty for a layer without parameters.
        package var weights: [Weight]
    }

    /// In the file's order.
    package private(set) var layers: [Layer] = []

    private let contents: HDF5Contents
    private let file: HDF5Source
    private let format: String
    private let datasets: [String: HDF5Dataset]

    /// Whether the group holds such lists.
    package static func areIn(_ contents: HDF5Contents, group: String = "") -> Bool {
        ["layer_names", "layer_names0", "nb_layers"].contains {
            contents.attribute($0, of: group) != nil
        }
    }

    /// - Throws: `InputError` for lists that are missing, hold something else, or name what the file
    ///   does not hold or twice.
    package init(
        _ contents: HDF5Contents, below base: String, of file: HDF5Source, format: String
    ) throws(InputError) {
        self.contents = contents
        self.file = file
        self.format = format
        datasets = Dictionary(
            contents.datasets.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        let isCounted = contents.attribute("nb_layers", of: base) != nil
        let names =
            isCounted
            ? try counted("nb_layers", "layer", in: base) : try list("layer_names", of: base)
        for name in names {
            guard seen.insert(name).inserted else {
                throw error("layer_names", "each layer once", "\(name) twice")
            }
            let group = base.isEmpty ? name : "\(base)/\(name)"
            guard contents.groups[group] != nil else {
                throw error("layer_names", "a group for each layer", "none for \(name)")
            }
            let weights =
                isCounted
                ? try counted("nb_params", "param", in: group) : try list("weight_names", of: group)
            layers.append(Layer(name: name, weights: try find(weights, of: name, in: group)))
        }
    }

    private func find(
        _ names: [String], of layer: String, in group: String
    ) throws(InputError) -> [Weight] {
        var seen: Set<String> = []
        return try names.map { name throws(InputError) in
            guard seen.insert(name).inserted else {
                throw error("layer \(layer)", "each weight once", "\(name) twice")
            }
            guard let dataset = datasets["\(group)/\(name)"] else {
                throw error("layer \(layer)", "a dataset for each weight", "none for \(name)")
            }
            return Weight(name: name, dataset: dataset.ofKeras)
        }
    }

    /// `word_0`, `word_1` … as many as the attribute says.
    private func counted(
        _ attribute: String, _ word: String, in group: String
    ) throws(InputError) -> [String] {
        guard case .numbers(let numbers) = contents.attribute(attribute, of: group),
            numbers.count == 1, let count = Int(exactly: numbers[0]),
            (0...HDF5Limits.objects).contains(count)
        else { throw error(place(group), "a number \(attribute)", "none") }
        return (0..<count).map { "\(word)_\($0)" }
    }

    /// A list of names that may be split over several attributes.
    private func list(_ name: String, of group: String) throws(InputError) -> [String] {
        if let whole = contents.attribute(name, of: group) {
            return try strings(whole, name, group)
        }
        var all: [String] = []
        var piece = 0
        while let value = contents.attribute("\(name)\(piece)", of: group) {
            all += try strings(value, "\(name)\(piece)", group)
            piece += 1
        }
        guard piece > 0 else {
            throw error(place(group), "the attribute \(name)", "none")
        }
        return all
    }

    private func strings(
        _ value: HDF5Value, _ name: String, _ group: String
    ) throws(InputError) -> [String] {
        switch value {
        case .strings(let strings): return strings
        case .numbers(let numbers) where numbers.isEmpty: return []
        default: throw error("\(place(group))@\(name)", "a list of names", value.kind)
        }
    }

    private func place(_ group: String) -> String { group.isEmpty ? "root group" : group }

    private func error(_ place: String, _ expected: String, _ found: String) -> InputError {
        InputError(
            file: file.path, format: format, place: place, expected: expected, found: found)
    }
}
