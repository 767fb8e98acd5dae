package import Tensors

/// The shape that all of `shapes` broadcast to.
///
/// Shapes are aligned at their last axes; each pair of sizes is equal, or one of them is 1.
package func broadcastShape(_ shapes: [[Int]]) throws(OperatorError) -> [Int] {
    var result = [Int](repeating: 1, count: shapes.map(\.count).max() ?? 0)
    for (index, shape) in shapes.enumerated() {
        let first = result.count - shape.count
        for (axis, size) in shape.enumerated() where size != 1 && size != result[first + axis] {
            guard result[first + axis] == 1 else {
                throw .input(
                    index, expected: "a shape that broadcasts with \(result)", found: "\(shape)")
            }
            result[first + axis] = size
        }
    }
    return result
}

/// The element type of a result: the operands' own, the widest when floating-point ones differ.
///
/// ONNX wants equal types; different widths arise when a graph runs in float64 for its truth.
func commonElementType(_ inputs: [ValueInfo]) throws(OperatorError) -> ElementType {
    guard var type = inputs.first?.elementType else {
        throw .inputCount(expected: "at least 1", found: 0)
    }
    for (index, input) in inputs.enumerated() where input.elementType != type {
        guard type.isFloatingPoint, input.elementType.isFloatingPoint else {
            throw .input(
                index, expected: "\(type.rawValue) elements", found: input.elementType.rawValue)
        }
        if input.elementType.size > type.size { type = input.elementType }
    }
    return type
}

/// An operator of two inputs that broadcast: y = f(a, b).
package protocol BinaryOperator: Foldable, Modernized {
    /// Whether b has the type of a.
    static var sharesType: Bool { get }
    /// Whether b may not enlarge a.
    static var isUnidirectional: Bool { get }

    /// The axis of a that b's first axis lies on; nil for NumPy's rule, where the last axes align.
    ///
    /// Only files before opset 7 have it. Writing one, give b the shape `alignedShape` first.
    var legacyAxis: Int? { get set }

    init(legacyAxis: Int?)

    /// f(a, b).
    static func value(_ a: Double, _ b: Double) -> Double
}

extension BinaryOperator {
    package static var sharesType: Bool { true }
    package static var isUnidirectional: Bool { false }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        self.init(legacyAxis: nil)
        guard reader.opset < 7 else { return }
        reader.ignoreConsumedInputs()
        let broadcasts = try reader.flag("broadcast", default: false)
        let axis = try reader.int("axis")
        if broadcasts { legacyAxis = axis }
    }

    /// The shape under which b follows NumPy's rule beside an a of `rank` axes.
    package func alignedShape(of shape: [Int], rank: Int) throws(OperatorError) -> [Int] {
        guard let legacyAxis else { return shape }
        if Tensor.elementCount(of: shape) == 1 { return [] }
        guard legacyAxis >= 0, legacyAxis <= rank - shape.count else {
            throw .attribute(
                "axis", expected: "0 to \(rank - shape.count)", found: "\(legacyAxis)")
        }
        return shape + [Int](repeating: 1, count: rank - legacyAxis - shape.count)
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard legacyAxis != nil, inputs.count == 2, let a = inputs[0], let b = inputs[1],
            let aligned = try? alignedShape(of: b.shape, rank: a.shape.count)
        else { return nil }
        var form = WrittenForm(op: Self(legacyAxis: nil), inputCount: 2)
        if aligned == b.shape { return form }
        guard let constant = b.constant else { return nil }
        form.replacements[1] = constant.reshaped(aligned)
        return form
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let a = try inputs.numeric(0)
        let b = try inputs.numeric(1)
        let type = try Self.sharesType ? commonElementType([a, b]) : a.elementType
        let aligned = try alignedShape(of: b.shape, rank: a.shape.count)
        let shape = try broadcastShape([a.shape, aligned])
        if Self.isUnidirectional, shape != a.shape {
            throw .input(1, expected: "a shape that broadcasts to \(a.shape)", found: "\(b.shape)")
        }
        return [ValueInfo(elementType: type, shape: shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let output = try outputTypes(for: inputs.map { $0.map { ValueInfo($0) } })[0]
        let a = inputs.present(0)
        let b = inputs.present(1)
        let aligned = try alignedShape(of: b.shape, rank: a.rank)
        let x = a.expanded(to: output.shape).doubles()
        let y = b.reshaped(aligned).expanded(to: output.shape).doubles()
        let values = zip(x, y).map { Self.value($0, $1) }
        return [Tensor(rounding: values, to: output.elementType, shape: output.shape)]
    }
}

/// An operator of one or more inputs that broadcast, combined from left to right.
package protocol VariadicOperator: Foldable {
    /// Whether integers are accepted besides floating-point numbers.
    static var acceptsIntegers: Bool { get }

    static func combine(_ a: Double, _ b: Double) -> Double
    /// What the combined values of `count` inputs mean.
    static func finish(_ total: Double, count: Int) -> Double
}

extension VariadicOperator {
    package static var acceptsIntegers: Bool { false }

    package static func finish(_ total: Double, count: Int) -> Double { total }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        guard !inputs.isEmpty else { throw .inputCount(expected: "at least 1", found: 0) }
        var present: [ValueInfo] = []
        for index in inputs.indices {
            present.append(
                try Self.acceptsIntegers ? inputs.numeric(index) : inputs.floating(index))
        }
        return [
            ValueInfo(
                elementType: try commonElementType(present),
                shape: try broadcastShape(present.map(\.shape)))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let output = try outputTypes(for: inputs.map { $0.map { ValueInfo($0) } })[0]
        var total = inputs.present(0).expanded(to: output.shape).doubles()
        for index in inputs.indices.dropFirst() {
            let next = inputs.present(index).expanded(to: output.shape).doubles()
            for element in total.indices {
                total[element] = Self.combine(total[element], next[element])
            }
        }
        let values = total.map { Self.finish($0, count: inputs.count) }
        return [Tensor(rounding: values, to: output.elementType, shape: output.shape)]
    }
}
