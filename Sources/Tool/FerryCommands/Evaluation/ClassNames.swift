import FormatInterface
import IR

/// The words that stand for a network's classes.
struct ClassNames: Sendable {
    let count: Int
    /// ImageNet's categories where there are as many classes; else nil.
    let labels: [String]?
    /// By name as it stands.
    private let exact: [String: Int]
    /// By name in `normal` form.
    private let indices: [String: Int]
    /// Normal forms of several categories ("Cardigan" is a dog, "cardigan" is none).
    private let ambiguous: Set<String>

    init(count: Int) {
        self.count = count
        labels = Categories.names(count: count)
        var indices: [String: Int] = [:]
        var ambiguous: Set<String> = []
        for (index, label) in (labels ?? []).enumerated() {
            let name = Self.normal(label)
            if indices.updateValue(index, forKey: name) != nil { ambiguous.insert(name) }
        }
        exact = Dictionary((labels ?? []).enumerated().map { ($1, $0) }) { first, _ in first }
        self.indices = indices
        self.ambiguous = ambiguous
    }

    /// Names as they are compared: without case, underscores being spaces.
    private static func normal(_ name: String) -> String {
        name.lowercased().replacing("_", with: " ")
    }

    /// A number in decimal digits; nil for other text.
    static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { 48...57 ~= $0 } ? Int(text) : nil
    }

    /// The class a word means: an index, or a category's name.
    ///
    /// - Throws: `Problem` for a word that means none, or several.
    func index(of word: String) throws(Problem) -> Int {
        if let number = Self.number(word) {
            guard number < count else {
                throw Problem(expected: "a class below \(count)", found: "\(number)")
            }
            return number
        }
        if let index = exact[word.replacing("_", with: " ")] { return index }
        let name = Self.normal(word)
        guard let index = indices[name] else {
            guard labels != nil else {
                throw Problem(
                    expected: "a class's number, as Ferry knows no names of these \(count)",
                    found: "'\(word)'")
            }
            let like = didYouMean(name, among: Array(indices.keys))
            throw Problem(
                expected: "a class's number or ImageNet's name", found: "'\(word)'\(like)")
        }
        if ambiguous.contains(name) {
            throw Problem(
                expected: "a class's number or its own name",
                found: "'\(word)', as several are called")
        }
        return index
    }

    struct Problem: Error {
        let expected: String
        let found: String
    }

    /// How folders were taken for classes.
    enum Rule: String, Encodable {
        case numbers = "by their numbers"
        case names = "by ImageNet's names"
        case order = "in sorted order"
    }

    /// The classes that folders stand for.
    ///
    /// All names are numbers, or all are categories; else there is one folder for each class, in
    /// sorted order, as torchvision's `ImageFolder` has them.
    ///
    /// - Parameter names: of the folders, sorted.
    /// - Throws: `Problem` for names that are none of it.
    func indices(ofFolders names: [String]) throws(Problem) -> (indices: [Int], rule: Rule) {
        let areNumbers = names.allSatisfy { Self.number($0) != nil }
        var indices: [Int] = []
        do throws(Problem) {
            for name in names { indices.append(try index(of: name)) }
        } catch {
            if areNumbers {
                throw Problem(
                    expected: error.expected + " (or give --labels)", found: "folder \(error.found)"
                )
            }
            if names.count == count { return (Array(0..<count), .order) }
            let folders = "\(names.count) folder\(names.count == 1 ? "" : "s")"
            throw Problem(
                expected: "folders called by their class's number"
                    + (labels == nil ? "" : " or ImageNet's name") + ", or one for each of the "
                    + "\(count) classes (or give --labels)", found: "\(folders), \(error.found)")
        }
        guard Set(indices).count == indices.count else {
            throw Problem(expected: "one folder a class", found: "two for the same")
        }
        return (indices, areNumbers ? .numbers : .names)
    }
}
