import FormatInterface
import HDF5Format

/// The layout of Keras 3's files of weights: `layers/CLASS_NUMBER/vars/0`, `1` …
///
/// Groups are named after classes in snake case and counted in the order of the model's layers.
/// Keras 2.12 and 2.13 called the outer group `_layer_checkpoint_dependencies` and left out numbers.
struct NumberedGroups {
    private let contents: HDF5Contents
    private var datasets: [String: [(number: Int, dataset: HDF5Dataset)]] = [:]
    /// Names of groups by the group they lie in.
    private var children: [String: [String]] = [:]

    static let folders = ["layers", "_layer_checkpoint_dependencies"]

    /// - Throws: `ContentError` for weights of one layer that are not numbered 0, 1 …, each once.
    init(_ contents: HDF5Contents) throws(ContentError) {
        self.contents = contents
        for path in contents.groups.keys where !path.isEmpty {
            let (parent, name) = Self.split(path)
            children[parent, default: []].append(name)
        }
        for dataset in contents.datasets {
            let (parent, name) = Self.split(dataset.path)
            guard let number = Int(name) else { continue }
            datasets[parent, default: []].append((number, dataset.ofKeras))
        }
        for (group, weights) in datasets.sorted(by: { $0.key < $1.key }) {
            let numbers = weights.map(\.number).sorted()
            guard numbers.elementsEqual(numbers.indices) else {
                throw ContentError(
                    "group \(group)",
                    expected: "\(numbers.count) weights numbered 0 to \(numbers.count - 1)",
                    found: numbers.prefix(100).map(String.init).joined(separator: ", "))
            }
        }
    }

    static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    /// A group's numbered weights, in order.
    func variables(of group: String) -> [HDF5Dataset] {
        (datasets["\(group)/vars"] ?? []).sorted { $0.number < $1.number }.map(\.dataset)
    }

    /// The name that Keras writes beside a layer's weights, since 3.6.
    func name(of group: String) -> String? {
        if case .string(let name) = contents.attribute("name", of: "\(group)/vars") {
            name
        } else {
            nil
        }
    }

    /// The groups of layers directly below a model's.
    func layers(below base: String) -> [String] {
        for folder in Self.folders {
            let outer = base.isEmpty ? folder : "\(base)/\(folder)"
            if let names = children[outer], !names.isEmpty { return names.map { "\(outer)/\($0)" } }
        }
        return []
    }

    /// The group of the layer that is number `number` of its class; nil when there is none.
    func group(_ word: String, _ number: Int, below base: String) -> String? {
        let ofClass = layers(below: base).compactMap { path -> (number: Int, path: String)? in
            let key = Self.key(Self.split(path).name)
            return key.word == word ? (key.number, path) : nil
        }
        if let exact = ofClass.first(where: { $0.number == number }) { return exact.path }
        let ordered = ofClass.sorted { $0.number < $1.number }
        return number < ordered.count ? ordered[number].path : nil
    }

    /// `conv2d_12` as its class and its number; 0 where there is none.
    static func key(_ name: String) -> (word: String, number: Int) {
        guard let underscore = name.lastIndex(of: "_"),
            let number = Int(name[name.index(after: underscore)...]), number > 0
        else { return (name, 0) }
        return (String(name[..<underscore]), number)
    }

    /// A class' name in snake case, as Keras does it: an underscore before a capital that lower-case
    /// letters follow, then between a small letter or digit and a capital.
    static func word(of className: String) -> String {
        let letters = Array(
            className.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        var text = ""
        for (index, letter) in letters.enumerated() {
            let before = index > 0 ? letters[index - 1] : nil
            let after = index + 1 < letters.count ? letters[index + 1] : nil
            if let before, letter.isUppercase {
                let beginsWord = after?.isLowercase ?? false
                let endsWord = before.isLowercase
                if beginsWord || endsWord { text += "_" }
            }
            text += letter.lowercased()
        }
        return text
    }
}
