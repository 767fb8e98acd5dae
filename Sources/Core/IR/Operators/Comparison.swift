package import Tensors

/// An operator of two inputs that broadcast to truths: y = a ∘ b, of type bool.
///
/// 64-bit integers are compared exactly, everything else as float64.
package protocol Comparison: Foldable, AttributeFree {
    /// Whether the operands are truths alone, or numbers.
    static var ofTruths: Bool { get }
    /// Whether truths are taken besides numbers.
    static var takesTruths: Bool { get }

    static func holds(_ a: Double, _ b: Double) -> Bool
    static func holds(_ a: Int64, _ b: Int64) -> Bool
}

extension Comparison {
    package static var ofTruths: Bool { false }
    package static var takesTruths: Bool { ofTruths }

    package static func holds(_ a: Int64, _ b: Int64) -> Bool { holds(Double(a), Double(b)) }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        self.init()
        guard reader.opset < 7 else { return }
        let broadcasts = try reader.flag("broadcast", default: false)
        if broadcasts, reader.has("axis") {
            throw .unsupported("\(Self.type) that broadcasts from an axis (opset 1 to 6)")
        }
        reader.ignore("axis")
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let operands = [try inputs.present(0), try inputs.present(1)]
        for (index, operand) in operands.enumerated() {
            let isTruth = operand.elementType == .bool
            guard isTruth ? Self.takesTruths : !Self.ofTruths else {
                throw .input(
                    index, expected: Self.ofTruths ? "bool elements" : "numbers",
                    found: operand.elementType.rawValue)
            }
        }
        _ = try commonElementType(operands)
        return [
            ValueInfo(elementType: .bool, shape: try broadcastShape(operands.map(\.shape)))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let shape = try broadcastShape([inputs.present(0).shape, inputs.present(1).shape])
        let a = inputs.present(0).expanded(to: shape)
        let b = inputs.present(1).expanded(to: shape)
        let truths: [Double]
        if let x = a.integers(), let y = b.integers() {
            truths = zip(x, y).map { Self.holds($0, $1) ? 1 : 0 }
        } else {
            truths = zip(a.doubles(), b.doubles()).map { Self.holds($0, $1) ? 1 : 0 }
        }
        return [Tensor(rounding: truths, to: .bool, shape: shape)]
    }
}
