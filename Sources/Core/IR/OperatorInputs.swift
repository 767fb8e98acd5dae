package import Tensors

/// Checks that operators share. Indices count from 0, as in ONNX's documentation.
extension [ValueInfo?] {
    /// Checks the number of inputs, required ones being present.
    package func require(_ range: ClosedRange<Int>) throws(OperatorError) {
        guard range.upperBound >= count, prefix(range.lowerBound).count == range.lowerBound,
            prefix(range.lowerBound).allSatisfy({ $0 != nil })
        else {
            let expected =
                range.lowerBound == range.upperBound
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

    /// The input at `index` with numbers for elements: all types but bool.
    package func numeric(_ index: Int) throws(OperatorError) -> ValueInfo {
        let value = try present(index)
        guard value.elementType != .bool else {
            throw .input(index, expected: "numbers", found: value.elementType.rawValue)
        }
        return value
    }

    /// The integers of a constant input of at most one axis, such as a shape; nil when omitted.
    package func shortList(_ index: Int, limit: Int) throws(OperatorError) -> [Int]? {
        guard let value = optional(index) else { return nil }
        guard value.shape.count <= 1, value.shape.allSatisfy({ $0 <= limit }) else {
            throw .input(
                index, expected: "at most \(limit) integers", found: "shape \(value.shape)")
        }
        return try constantIntegers(index)
    }

    /// The integers of a constant input of at most one axis, which must be present.
    package func requiredList(_ index: Int, limit: Int) throws(OperatorError) -> [Int] {
        guard let list = try shortList(index, limit: limit) else {
            throw .input(index, expected: "a tensor", found: "nothing")
        }
        return list
    }

    /// The integers of a constant input; nil when omitted.
    package func constantIntegers(_ index: Int) throws(OperatorError) -> [Int]? {
        guard let value = optional(index) else { return nil }
        guard let constant = value.constant else {
            throw .dependsOnData(input: index)
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

    /// The elements of the integer tensor at `index`, nil when omitted.
    package func integers(_ index: Int) -> [Int]? {
        optional(index)?.integers()?.map { Int($0) }
    }
}

/// Axes a tensor made by an operator may have; no network needs more.
package let maximumRank = 64

/// Checks that the shape an operator makes is within `maximumRank`.
func checkRank(_ rank: Int) throws(OperatorError) {
    guard rank <= maximumRank else {
        throw .unsupported("a tensor of \(rank) axes")
    }
}

/// The axis counted from the front, for `axis` in −rank ..< rank.
package func normalizedAxis(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
    guard axis >= -rank, axis < rank else {
        let expected = rank == 0 ? "a tensor with axes" : "−\(rank) to \(rank - 1)"
        throw .attribute("axis", expected: expected, found: "\(axis)")
    }
    return axis < 0 ? axis + rank : axis
}
