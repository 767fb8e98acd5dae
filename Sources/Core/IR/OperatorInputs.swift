package import Tensors

/// Checks that operators share. Indices count from 0, as in ONNX's documentation.
extension [ValueInfo?] {
    /// Checks the number of inputs, required ones being present.
    package func require(_ range: ClosedRange<Int>) throws(OperatorError) {
        guard range.upperBound >= count, prefix(range.lowerBound).count == range.lowerBound,
            prefix(range.lowerBound).allSatisfy({ $0 != nil })
        else {
            let expected =
                range.count == 1
                ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw .inputCount(expected: expected, found: compactMap(\.self).count)
        }
    }

    /// The input at `index`, which must be present.
    package func present(_ index: Int) throws(OperatorError) -> ValueInfo {
        guard index < count, let value = self[index] else {
            throw .input(index, expected: "a tensor", found: "nothing")
        }
        return value
    }

    /// The input at `index`, nil when omitted.
    package func optional(_ index: Int) -> ValueInfo? {
        index < count ? self[index] : nil
    }

    /// The input at `index` with floating-point elements.
    package func floating(_ index: Int) throws(OperatorError) -> ValueInfo {
        let value = try present(index)
        guard value.elementType.isFloatingPoint else {
            throw .input(
                index, expected: "floating-point elements", found: value.elementType.rawValue)
        }
        return value
    }

    /// The integers of a constant input; nil when omitted.
    package func constantIntegers(_ index: Int) throws(OperatorError) -> [Int]? {
        guard let value = optional(index) else { return nil }
        guard let constant = value.constant else {
            throw .unsupported("an input \(index) that depends on the data")
        }
        guard let integers = constant.integers() else {
            throw .input(index, expected: "integers", found: value.elementType.rawValue)
        }
        return integers.map { Int($0) }
    }
}

extension [Tensor?] {
    /// The tensor at `index`, nil when omitted.
    package func optional(_ index: Int) -> Tensor? {
        index < count ? self[index] : nil
    }

    /// The tensor at `index`.
    ///
    /// - Precondition: `outputTypes(for:)` required it.
    package func present(_ index: Int) -> Tensor {
        guard let tensor = optional(index) else {
            preconditionFailure("input \(index) is absent although its type was checked")
        }
        return tensor
    }
}

/// The axis counted from the front, for `axis` in −rank ..< rank.
package func normalizedAxis(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
    guard axis >= -rank, axis < rank else {
        throw .attribute("axis", expected: "−\(rank) to \(rank - 1)", found: "\(axis)")
    }
    return axis < 0 ? axis + rank : axis
}
