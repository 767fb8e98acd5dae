import Tensors

/// What a difference says to people.
extension TensorDifference {
    /// Where the worst disagreement is, and what stands there; empty for equal finite tensors.
    package var disagreement: String {
        if outsideCount == 0 {
            return maximumAbsolute == 0 ? "" : "differs by up to \(short(maximumAbsolute))"
        }
        guard let worst else { return "outside the tolerance" }
        guard let worstValue, let worstReference else { return "worst at \(worst)" }
        return "worst at \(worst): \(exact(worstValue, elementType)), reference "
            + exact(worstReference, referenceElementType)
    }

    /// The fewest digits that tell a value from every other of its type.
    private func exact(_ value: Double, _ elementType: String) -> String {
        elementType == ElementType.float64.rawValue ? "\(value)" : "\(Float(value))"
    }

    /// What a reader should beware of although it decides nothing.
    package var cautions: [String] {
        var words: [String] = []
        if isEmpty { words.append("no elements") }
        if value.nonFiniteCount > 0 || reference.nonFiniteCount > 0 {
            words.append("\(count(value)), reference \(count(reference))")
        }
        if !isBitEqual, !isElementTypeConversion, !isEmpty, maximumAbsolute == 0,
            elementType == referenceElementType, worst == nil
        {
            words.append("equal values with other bits (signed zeros, or integers beyond 2⁵³)")
        }
        return words
    }

    /// Says so when a side is constant: such an output may not depend on its input at all.
    package var constancy: [String] {
        var sides: [String] = []
        if value.isConstant { sides.append("output") }
        if reference.isConstant { sides.append("reference") }
        return sides.isEmpty
            ? [] : ["every value of the \(sides.joined(separator: " and ")) is the same"]
    }

    private func count(_ summary: TensorSummary) -> String {
        "\(summary.nanCount) NaN and \(summary.infinityCount) Inf"
    }
}
