import IR
import Tensors

/// One way to read a bag's names as those of a state_dict.
struct StateDictNames {
    /// Places in the file's list of tensors, by name in the state_dict.
    let indices: [String: Int]
    /// What a person should know about this reading.
    var note: String?
    /// Whether the order of layers decided, not their names.
    var isInOrder = false

    /// The names as they are; then without what wrappers such as DataParallel put before all of
    /// them or around a part of them; each of these also as the state_dict of `features` alone, and
    /// with the classifier numbered as torchvision's first VGGs had it.
    static func readings(of tensors: [NamedTensor]) throws(TranslationError) -> [StateDictNames] {
        // Groups of an HDF5 file stand for the modules' dots.
        let isNested = !tensors.contains { $0.name.contains(".") }
        var plain: [String: Int] = [:]
        for (index, tensor) in tensors.enumerated() {
            let path = String(tensor.name.drop { $0 == "/" })
            let name = isNested ? path.replacing("/", with: ".") : path
            if plain.updateValue(index, forKey: name) != nil {
                throw .duplicateTensor(name: tensor.name)
            }
        }
        var unwrapped = [plain] + withoutCommonPrefixes(plain)
        // DataParallel around a part of the network: "features.module.0.weight".
        unwrapped += unwrapped.compactMap { names in
            renamed(names) { name in
                name.split(separator: ".").filter { $0 != "module" }.joined(separator: ".")
            }
        }
        let features = unwrapped.compactMap { renamed($0) { "features.\($0)" } }
        let older = unwrapped.compactMap(withOldClassifier)
        return (unwrapped + features).map { StateDictNames(indices: $0) }
            + older.map { StateDictNames(indices: $0, note: oldClassifierNote) }
    }

    /// The names under others; nil where none changes, or two would be one.
    private static func renamed(
        _ names: [String: Int], _ change: (String) -> String
    ) -> [String: Int]? {
        var changed: [String: Int] = [:]
        for (name, index) in names where changed.updateValue(index, forKey: change(name)) != nil {
            return nil
        }
        return changed.keys == names.keys ? nil : changed
    }

    /// The names without the first part that all share, without the first two, and so on.
    private static func withoutCommonPrefixes(_ names: [String: Int]) -> [[String: Int]] {
        var readings: [[String: Int]] = []
        var shorter = names
        while let first = shorter.keys.first, let dot = first.firstIndex(of: "."),
            readings.count < 8
        {
            let prefix = first[...dot]
            guard shorter.keys.allSatisfy({ $0.hasPrefix(prefix) && $0.count > prefix.count })
            else { break }
            shorter = Dictionary(
                uniqueKeysWithValues: shorter.map { (String($0.dropFirst(prefix.count)), $1) })
            readings.append(shorter)
        }
        return readings
    }

    /// VGG as torchvision first defined it, and as files converted from Caffe have it: with a
    /// dropout before each dense layer, so that these are numbers 1, 4 and 6, not 0, 3 and 6.
    private static func withOldClassifier(_ names: [String: Int]) -> [String: Int]? {
        let (first, second) = ("classifier.1.", "classifier.4.")
        guard names.keys.contains(where: { $0.hasPrefix(first) }) else { return nil }
        return renamed(names) { name in
            name.hasPrefix(first)
                ? "classifier.0.\(name.dropFirst(first.count))"
                : name.hasPrefix(second)
                    ? "classifier.3.\(name.dropFirst(second.count))" : name
        }
    }

    private static let oldClassifierNote =
        "its classifier is numbered as in torchvision's first VGGs; such files from Caffe expect "
        + "--preprocess caffe"

    private static func isCount(_ name: String) -> Bool {
        name.hasSuffix(".num_batches_tracked")
    }

    static func names(of layers: [LayerSpec]) -> [String] {
        layers.flatMap { layer in layer.roles.map { "\(layer.name).\($0.pytorchName)" } }
    }

    /// Whether the names are those of the architecture, with or without its head.
    func areExactly(_ architecture: Architecture) -> Bool {
        let mine = Set(indices.keys.filter { !Self.isCount($0) })
        return mine == Set(Self.names(of: architecture.layers))
            || mine == Set(Self.names(of: architecture.features))
    }

    /// The share of names in common, 0 … 1.
    func overlap(_ architecture: Architecture) -> Double {
        let theirs = Self.names(of: architecture.layers)
        let common = theirs.count { indices[$0] != nil }
        return Double(common) / Double(max(theirs.count, indices.count))
    }

    func fit(_ architecture: Architecture, _ tensors: [NamedTensor]) -> ArchitectureFit {
        let head = architecture.layers.dropFirst(architecture.features.count)
        let hasHead = Self.names(of: Array(head)).contains { indices[$0] != nil }
        return architecture.fit(hasHead: hasHead) { layer, role in
            let name = "\(layer.name).\(role.pytorchName)"
            guard let index = indices[name] else { return (nil, name) }
            let tensor = tensors[index].tensor
            return (
                SourceTensor(
                    name: tensors[index].name, elementType: tensor.elementType,
                    shape: tensor.shape), name
            )
        }
    }
}
