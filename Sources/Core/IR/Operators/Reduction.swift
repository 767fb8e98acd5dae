package import Tensors

/// Which axes a reduction runs over, and what becomes of them.
package struct Reduction: Hashable, Sendable {
    /// The axes where they are an attribute; nil for all of them, or where they are an input.
    package var axes: [Int]?
    /// Whether reduced axes stay, with size 1.
    package var keepsDimensions: Bool
    /// Whether no axes means none instead of all.
    package var noopWithEmptyAxes: Bool

    package init(
        axes: [Int]? = nil, keepsDimensions: Bool = true, noopWithEmptyAxes: Bool = false
    ) {
        self.axes = axes
        self.keepsDimensions = keepsDimensions
        self.noopWithEmptyAxes = noopWithEmptyAxes
    }

    /// For each axis of a tensor of `rank`, whether it is reduced.
    ///
    /// - Parameter given: the axes input, which goes before the attribute.
    func reduced(rank: Int, given: [Int]?) throws(OperatorError) -> [Bool] {
        let axes = given ?? self.axes ?? []
        if axes.isEmpty { return [Bool](repeating: !noopWithEmptyAxes, count: rank) }
        return try axisFlags(axes, rank: rank)
    }

    /// The shape that remains of `shape`.
    func shape(of shape: [Int], reduced: [Bool]) -> [Int] {
        zip(shape, reduced).compactMap { size, isReduced in
            isReduced ? (keepsDimensions ? 1 : nil) : size
        }
    }
}

/// Marks `axes`, which may count from the end, among `rank`; a repeated one is refused.
func axisFlags(_ axes: [Int], rank: Int) throws(OperatorError) -> [Bool] {
    var flags = [Bool](repeating: false, count: rank)
    for axis in axes {
        guard axis >= -rank, axis < rank else {
            throw .attribute("axes", expected: "−\(rank) to \(rank - 1)", found: "\(axis)")
        }
        let index = axis < 0 ? axis + rank : axis
        guard !flags[index] else {
            throw .attribute("axes", expected: "each axis once", found: "\(axes)")
        }
        flags[index] = true
    }
    return flags
}

/// An operator that combines all elements along some axes into one.
///
/// Inputs: x, optionally axes [k]. Output: x's shape with the axes 1 or gone.
package protocol ReductionOperator: Foldable, Modernized {
    /// The first opset in which the axes are an input; before, they are an attribute.
    static var axesInputSince: Int { get }
    /// Whether bool elements are taken, false below true.
    static var acceptsBool: Bool { get }
    /// What the combining starts from, and the result of no elements.
    static func start(_ elementType: ElementType) -> Double

    var reduction: Reduction { get }

    init(_ reduction: Reduction)

    static func combine(_ total: Double, _ x: Double) -> Double
    /// What the combined values of `count` elements mean.
    static func finish(_ total: Double, count: Int) -> Double
}

extension ReductionOperator {
    package static var acceptsBool: Bool { false }

    package static func finish(_ total: Double, count: Int) -> Double { total }

    /// Whether opset 17 has the axes as an input.
    private static var writesAxesInput: Bool { axesInputSince <= OperatorRegistry.writtenOpset }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        var reduction = Reduction(keepsDimensions: try reader.flag("keepdims", default: true))
        if reader.opset < Self.axesInputSince {
            let axes = try reader.ints("axes")
            if Self.writesAxesInput {
                if let axes { reader.addInput(1, Tensor(axes.map { Int64($0) })) }
            } else {
                reduction.axes = axes
            }
        } else {
            reduction.noopWithEmptyAxes = try reader.flag("noop_with_empty_axes", default: false)
        }
        self.init(reduction)
    }

    package func encode(to writer: inout AttributeWriter) {
        if let axes = reduction.axes { writer.write("axes", axes) }
        writer.write("keepdims", reduction.keepsDimensions ? 1 : 0)
        if Self.writesAxesInput, reduction.noopWithEmptyAxes {
            writer.write("noop_with_empty_axes", 1)
        }
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard !Self.writesAxesInput, inputs.count > 1 || reduction.noopWithEmptyAxes,
            let given = try? inputs.shortList(1, limit: maximumRank) ?? []
        else { return nil }
        let axes = given.isEmpty ? reduction.axes ?? [] : given
        if axes.isEmpty, reduction.noopWithEmptyAxes {
            return WrittenForm(op: Identity(), inputCount: 1)
        }
        let written = Reduction(
            axes: axes.isEmpty ? nil : axes, keepsDimensions: reduction.keepsDimensions)
        return WrittenForm(op: Self(written), inputCount: 1)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...2)
        let input = try Self.acceptsBool ? inputs.present(0) : inputs.numeric(0)
        let given = try inputs.shortList(1, limit: maximumRank)
        let reduced = try reduction.reduced(rank: input.shape.count, given: given)
        let shape = reduction.shape(of: input.shape, reduced: reduced)
        return [ValueInfo(elementType: input.elementType, shape: shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let reduced = try reduction.reduced(rank: input.rank, given: inputs.integers(1))
        let kept = zip(input.shape, reduced).map { $1 ? 1 : $0 }
        var totals = [Double](
            repeating: Self.start(input.elementType), count: kept.reduce(1, *))
        var walk = IndexWalk(shape: input.shape, strides: broadcastStrides(kept, input.shape))
        for x in input.doubles() {
            totals[walk.offset] = Self.combine(totals[walk.offset], x)
            walk.advance()
        }
        let count = zip(input.shape, reduced).reduce(1) { $1.1 ? $0 * $1.0 : $0 }
        let values = totals.map { Self.finish($0, count: count) }
        let shape = reduction.shape(of: input.shape, reduced: reduced)
        return [Tensor(rounding: values, to: input.elementType, shape: shape)]
    }
}
