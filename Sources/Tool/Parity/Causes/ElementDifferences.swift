import Synchronization
package import Tensors

/// Where two tensors of one shape and element type differ, and by how much.
///
/// Elements differ when their bits do. Measures are taken over pairs of finite values.
package struct ElementDifferences: Codable, Equatable, Sendable {
    package var elementCount = 0
    /// Elements whose bits differ.
    package var differingCount = 0
    /// Index of the first and of the last of them in row-major order.
    package var first = 0
    package var last = 0
    /// max |a − b|.
    package var maximumAbsolute = 0.0
    /// max |a − b| / |b| over b ≠ 0.
    package var maximumRelative = 0.0
    /// Largest distance in steps of the element type; nil but for 16, 32 and 64-bit floats.
    package var maximumULP: Int?
    /// a·b / (|a|·|b|) over all elements; nil when either norm is 0 or not finite.
    package var cosine: Double?
    /// Elements that are NaN or infinite on the judged side only.
    package var nonFiniteCount = 0
    /// Σ a·b / Σ b·b over all elements; nil where that is no number.
    package var ratio: Double?
    /// Mean of a − b over all elements.
    package var meanDifference = 0.0
    /// Number of bits that differ in the first differing element.
    package var firstBitCount = 0

    /// Compares `a` with `b`; nil when every bit agrees.
    ///
    /// - Precondition: shapes and element types agree.
    package init?(_ a: Tensor, _ b: Tensor) {
        guard let pieces = DifferingPieces(a, b) else { return nil }
        self.init(pieces)
    }

    /// Measures what differs. Pieces that agree are only read for the cosine.
    package init(_ pieces: DifferingPieces) {
        let (a, b) = (pieces.value, pieces.reference)
        let sums = Mutex(PairSums())
        unsafe Pieces.each(of: pieces.differs.count, bufferBytes: 0) { number, _ in
            let range = DifferingPieces.elements(of: number, in: a)
            var own = PairSums()
            if pieces.differs[number] {
                own.add(a.slice(range), b.slice(range), at: range.lowerBound)
            } else {
                own.addEqual(b.slice(range))
            }
            sums.withLock { $0.merge(own) }
        }
        self.init(sums.withLock { $0 }, of: a.elementCount, a.elementType)
    }

    private init(_ sums: PairSums, of count: Int, _ type: ElementType) {
        elementCount = count
        differingCount = sums.count
        first = sums.first
        last = sums.last
        maximumAbsolute = sums.absolute
        maximumRelative = sums.relative
        maximumULP = type.hasULP ? sums.ulp : nil
        nonFiniteCount = sums.nonFinite
        firstBitCount = sums.firstBitCount
        meanDifference = count > 0 ? sums.difference / Double(count) : 0
        let norms = sums.valueSquares.squareRoot() * sums.referenceSquares.squareRoot()
        if norms > 0, norms.isFinite { cosine = max(-1, min(1, sums.dot / norms)) }
        if sums.referenceSquares > 0, sums.dot.isFinite, sums.referenceSquares.isFinite {
            ratio = sums.dot / sums.referenceSquares
        }
    }
}

/// Two tensors of one shape and element type that differ, and in which pieces.
package struct DifferingPieces: Sendable {
    let value: Tensor
    let reference: Tensor
    /// For each piece of `Pieces.size` bytes, whether it differs.
    let differs: [Bool]

    /// Compares the bytes of `value` and `reference`, piece by piece in several threads; nil when
    /// every bit agrees.
    ///
    /// - Precondition: shapes and element types agree.
    package init?(_ value: Tensor, _ reference: Tensor) {
        precondition(
            value.shape == reference.shape && value.elementType == reference.elementType)
        if !(value.isStored && reference.isStored), value.isBitEqual(to: reference) { return nil }
        let (a, b) = (value.settled, reference.settled)
        let count = (a.byteCount + Pieces.size - 1) / Pieces.size
        let flags = Mutex([Bool](repeating: false, count: count))
        unsafe Pieces.each(of: count, bufferBytes: 0) { number, _ in
            let range = Self.elements(of: number, in: a)
            if !a.slice(range).hasBytes(of: b.slice(range)) {
                flags.withLock { $0[number] = true }
            }
        }
        differs = flags.withLock { $0 }
        guard differs.contains(true) else { return nil }
        (self.value, self.reference) = (a, b)
    }

    static func elements(of piece: Int, in tensor: Tensor) -> Range<Int> {
        let step = Pieces.size / tensor.elementType.size
        return piece * step..<min((piece + 1) * step, tensor.elementCount)
    }
}

extension ElementType {
    /// Whether the distance of two elements in steps is known.
    var hasULP: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }
}
