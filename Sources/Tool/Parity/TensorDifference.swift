import Foundation
import Synchronization
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
    /// Largest number of float32 steps between v and r, float64 rounded to float32 first; nil unless
    /// one is float32 and the other too or float64.
    package var maximumULP: Int?
    /// v·r / (|v|·|r|); nil when either norm is 0.
    package var cosine: Double?
    /// 10·log₁₀(Σr² / Σ(v − r)²) in dB, over finite pairs; nil when all are equal or r is 0.
    package var signalToNoise: Double?
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

    /// Whether every pair is finite and within the tolerance, and all else it asks of the tensors is
    /// true; true of empty tensors.
    package var isWithinTolerance: Bool { outsideCount == 0 && unmet.isEmpty }

    /// What the tolerance asks of the whole tensor and does not get, in words.
    package var unmet: [String] {
        if isBitEqual || isEmpty { return [] }
        var words: [String] = []
        if tolerance.isExact, outsideCount == 0 { words.append("other bits") }
        if let limit = tolerance.maximumULP, !(0...limit ~= maximumULP ?? -1) {
            words.append(
                maximumULP.map { "\($0) ulps, allowed \(limit)" }
                    ?? "no ulps between \(elementType) and \(referenceElementType)")
        }
        if let least = tolerance.minimumCosine, cosine ?? -1 < least {
            words.append("cosine \(cosine.map { "\($0)" } ?? "undefined"), required \(least)")
        }
        return words
    }

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
            maximumULP = countsSteps(tensor, reference) ? 0 : nil
            return
        }
        isElementTypeConversion = isConversion(tensor, reference)
        measure(tensor, reference)
    }

    private mutating func measure(_ tensor: Tensor, _ reference: Tensor) {
        let pass = Self.pass(
            tensor, reference, tolerance, maximum: self.reference.maximumMagnitude,
            valueMaximum: value.maximumMagnitude)
        maximumAbsolute = min(pass.maximumAbsolute, .greatestFiniteMagnitude)
        maximumRelative = min(pass.maximumRelative, .greatestFiniteMagnitude)
        cosine = pass.cosine
        signalToNoise = pass.signalToNoise
        outsideCount = pass.outsideCount
        if countsSteps(tensor, reference) { maximumULP = Int(pass.maximumULP) }
        guard let found = pass.worst else { return }
        worst = position(of: found.offset, in: shape)
        worstValue = found.value.isFinite ? found.value : nil
        worstReference = found.reference.isFinite ? found.reference : nil
        worstMargin = found.margin.isFinite ? found.margin : nil
    }
}

extension TensorDifference {
    /// Goes over all pairs, several threads at once. Sums are joined part by part, so that they do
    /// not depend on the number of threads.
    private static func pass(
        _ tensor: Tensor, _ reference: Tensor, _ tolerance: Tolerance, maximum: Double,
        valueMaximum: Double
    ) -> DifferencePass {
        let length = 1 << 17
        let count = (tensor.elementCount + length - 1) / length
        let parts = Mutex([DifferencePass?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let range = index * length..<min((index + 1) * length, tensor.elementCount)
            var part = DifferencePass(
                tolerance: tolerance, maximum: maximum, valueMaximum: valueMaximum,
                start: range.lowerBound)
            part.add(tensor.part(range).doubles(), reference.part(range).doubles())
            parts.withLock { $0[index] = part }
        }
        var whole = DifferencePass(
            tolerance: tolerance, maximum: maximum, valueMaximum: valueMaximum)
        for case .some(let part) in parts.withLock({ $0 }) { whole.join(part) }
        return whole
    }
}

private func countsSteps(_ a: Tensor, _ b: Tensor) -> Bool {
    let types: Set = [a.elementType, b.elementType]
    return types.contains(.float32) && types.isSubset(of: [.float32, .float64])
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
