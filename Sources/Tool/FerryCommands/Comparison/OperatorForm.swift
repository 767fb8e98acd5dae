import IR
import Tensors

/// What an operator does, in words that are the same for operators that do the same.
///
/// ReLU, ReLU6, Clip, and Max or Min with a number are all `Clamp`; maximum, average and global pools
/// are all `Pool`; auto_pad is settled; axes count from the front. So files may differ in how they
/// say a thing, and not differ here.
struct OperatorForm {
    enum Value: Equatable {
        case numbers([Double])
        case text(String)
    }

    struct Attribute: Equatable {
        var name: String
        var value: Value
    }

    var kind: String
    var attributes: [Attribute] = []
    /// Where a window's cells lie on this input; nil where that is unknown. Windows of equal cells
    /// are equal, however their pads are declared.
    var geometry: [SpatialWindow.Axis]?
    /// Sizes of the input but for the batch; nil where unknown.
    var inputSizes: [Int]?
    /// Whether a pool takes whatever plane there is.
    var isOverWholePlane = false

    init(_ kind: String, _ attributes: [Attribute] = []) {
        self.kind = kind
        self.attributes = attributes
    }

    subscript(name: String) -> Value? { attributes.first { $0.name == name }?.value }

    func numbers(_ name: String) -> [Double]? {
        if case .numbers(let numbers) = self[name] { numbers } else { nil }
    }

    mutating func set(_ name: String, _ numbers: [Int]) {
        attributes.append(Attribute(name: name, value: .numbers(numbers.map { Double($0) })))
    }

    mutating func set(_ name: String, _ number: Double) {
        attributes.append(Attribute(name: name, value: .numbers([number])))
    }

    mutating func set(_ name: String, _ text: String) {
        attributes.append(Attribute(name: name, value: .text(text)))
    }
}

extension OperatorForm.Value: CustomStringConvertible {
    var description: String {
        switch self {
        case .text(let text): text
        case .numbers(let numbers):
            numbers.count == 1
                ? short(numbers[0]) : "[\(numbers.map(short).joined(separator: ", "))]"
        }
    }

    private func short(_ number: Double) -> String {
        if number == number.rounded(), number.magnitude < 1e15 { return "\(Int(number))" }
        return "\(Float(number))"
    }
}

extension OperatorForm {
    /// The attributes in which two operators of one kind differ in what they do.
    func differences(from other: OperatorForm) -> [String] {
        var ignored: Set<String> = []
        if self["pooling"] != other["pooling"] { ignored = ["count_include_pad", "storage_order"] }
        if let mine = geometry, let theirs = other.geometry, mine == theirs {
            return differences(from: other, but: ignored.union(SpatialWindow.attributeNames))
        }
        // Both leave it to the same rule, which then sees other sizes.
        if self["auto_pad"] != nil, self["auto_pad"] == other["auto_pad"] { ignored.insert("pads") }
        if isOverWholePlane, other.isOverWholePlane {
            ignored.formUnion(SpatialWindow.attributeNames)
        } else if isOverWholePlane || other.isOverWholePlane {
            return ["kernel_shape"] + (self["pooling"] != other["pooling"] ? ["pooling"] : [])
        }
        // What follows from sizes that differ already is no difference of its own.
        if inputSizes != other.inputSizes { ignored.formUnion(["shape", "sizes"]) }
        return differences(from: other, but: ignored)
    }

    private func differences(from other: OperatorForm, but ignored: Set<String>) -> [String] {
        var names = attributes.map(\.name)
        names += other.attributes.map(\.name).filter { !names.contains($0) }
        // Where sizes are unknown, so is what is settled by them.
        let isKnown = inputSizes != nil && other.inputSizes != nil
        return names.filter { name in
            let (mine, theirs) = (self[name], other[name])
            return name != "auto_pad" && !ignored.contains(name) && mine != theirs
                && (isKnown || (mine != nil && theirs != nil))
        }
    }
}

extension SpatialWindow {
    /// Names of the attributes that say which cells a window has.
    static let attributeNames: Set = ["kernel_shape", "strides", "dilations", "pads", "ceil_mode"]
}
