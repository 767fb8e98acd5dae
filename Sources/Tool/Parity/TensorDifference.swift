import Foundation
package import Tensors

/// How far a tensor lies from a reference tensor of the same shape, in float64 arithmetic.
///
/// Element types may differ. Float64 holds every element exactly but 64-bit integers beyond 2⁵³,
/// whose difference may round away; `isBitEqual` is exact for all. Differences and ratios are taken
/// over pairs of finite values; every other pair counts as outside the tolerance, equal or not: a
/// value that is no number proves nothing.
package struct TensorDifference: Codable, Equatable, Sendable {
    package var shape: [Int]
    /// Element type of the tensor that is judged.
    package var elementType: String
    package var referenceElementType: String
    package var value: TensorSummary
    package var reference: TensorSummary
    package var tolerance: Tolerance

    /// Whether element type and every bit agree.
    package var isBitEqual = false
    /// Whether the element types differ and one tensor is exactly the other's conversion.
    package var isElementTypeConversion = false
    /// max |v − r|.
    package var maximumAbsolute = 0.0
    /// max |v − r| / |r| over r ≠ 0.
    package var maximumRelative = 0.0
    /// Largest number of float32 steps between v and r; nil unless both are float32.
    package var maximumULP: Int?
    /// v·r / (|v|·|r|); nil when either norm is 0.
    package var cosine: Double?
    /// Index of the pair with the largest margin; nil when all pairs are equal.
    package var worst: [Int]?
    /// The two values at `worst`; nil when they are not finite.
    package var worstValue: Double?
    package var worstReference: Double?
    /// |v − r| at `worst` as a multiple of what the tolerance allows there; nil when it allows
    /// nothing or the pair is not finite.
    package var worstMargin: Double?
    /// Pairs outside the tolerance, non-finite ones among them.
    package var outsideCount = 0

    /// Whether there was nothing to compare.
    package var isEmpty: Bool { value.elementCount == 0 }

    /// Whether every pair is finite and within the tolerance; true of empty tensors.
    package var isWithinTolerance: Bool { outsideCount == 0 }

    /// Compares `tensor` with `reference`.
    ///
    /// - Precondition: the shapes agree.
    package init(of tensor: Tensor, from reference: Tensor, tolerance: Tolerance) {
        precondition(tensor.shape == reference.shape, "only equal shapes can be compared")
        shape = tensor.shape
        elementType = tensor.elementType.rawValue
        referenceElementType = reference.elementType.rawValue
        self.tolerance = tolerance
        value = TensorSummary(of: tensor)
        isBitEqual =
            tensor.elementType == reference.elementType && haveEqualBytes(tensor, reference)
        self.reference = isBitEqual ? value : TensorSummary(of: reference)
        if isBitEqual {
            outsideCount = value.nonFiniteCount
            cosine = value.maximumMagnitude > 0 ? 1 : nil
            maximumULP = tensor.elementType == .float32 ? 0 : nil
            return
        }
        isElementTypeConversion = isConversion(tensor, reference)
        measure(tensor, reference)
    }

    private mutating func measure(_ tensor: Tensor, _ reference: Tensor) {
        var pass = DifferencePass(
            tolerance: tolerance, maximum: self.reference.maximumMagnitude,
            valueMaximum: value.maximumMagnitude)
        for (values, references) in zip(tensor.chunks(), reference.chunks()) {
            pass.add(values.doubles(), references.doubles())
        }
        maximumAbsolute = min(pass.maximumAbsolute, .greatestFiniteMagnitude)
        maximumRelative = min(pass.maximumRelative, .greatestFiniteMagnitude)
        cosine = pass.cosine
        outsideCount = pass.outsideCount
        if tensor.elementType == .float32, reference.elementType == .float32 {
            maximumULP = Int(pass.maximumULP)
        }
        guard let found = pass.worst else { return }
        worst = position(of: found.offset, in: shape)
        worstValue = found.value.isFinite ? found.value : nil
        worstReference = found.reference.isFinite ? found.reference : nil
        worstMargin = found.margin.isFinite ? found.margin : nil
    }
}

/// One `memcmp`: the fast path for tensors that were only moved.
private func haveEqualBytes(_ a: Tensor, _ b: Tensor) -> Bool {
    unsafe a.withUnsafeBytes { mine in
        unsafe b.withUnsafeBytes { theirs in
            guard mine.count == theirs.count else { return false }
            guard let left = mine.baseAddress, let right = theirs.baseAddress else { return true }
            return unsafe memcmp(left, right, mine.count) == 0
        }
    }
}

/// Whether the element types differ and one tensor, converted to the other's type, has its bits.
private func isConversion(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.elementType != b.elementType else { return false }
    func converts(_ source: Tensor, to target: Tensor) -> Bool {
        zip(source.chunks(), target.chunks()).allSatisfy { from, to in
            haveEqualBytes(from.converted(to: to.elementType), to)
        }
    }
    return converts(a, to: b) || converts(b, to: a)
}

/// The indices along each axis of the element at `offset`.
private func position(of offset: Int, in shape: [Int]) -> [Int] {
    var rest = offset
    var indices: [Int] = []
    for size in shape.reversed() {
        indices.append(rest % size)
        rest /= size
    }
    return indices.reversed()
}
