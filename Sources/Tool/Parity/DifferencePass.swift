import Foundation

/// The running sums and maxima of one comparison, or of a part of it.
struct DifferencePass {
    /// The pair with the largest margin; among equal margins, the largest difference.
    struct Pair {
        var offset: Int
        var value: Double
        var reference: Double
        /// |v − r| as a multiple of the tolerance's bound; infinite for non-finite pairs.
        var margin: Double
        var absolute: Double
    }

    private(set) var maximumAbsolute = 0.0
    private(set) var maximumRelative = 0.0
    private(set) var maximumULP: UInt32 = 0
    private(set) var outsideCount = 0
    private(set) var worst: Pair?
    private let tolerance: Tolerance
    private let maximum: Double
    private let valueScale: Double
    private let referenceScale: Double
    /// Elements before this part.
    private let start: Int
    private var dot = 0.0
    private var valueSquares = 0.0
    private var referenceSquares = 0.0
    private var errorSquares = 0.0

    init(tolerance: Tolerance, maximum: Double, valueMaximum: Double, start: Int = 0) {
        self.start = start
        self.tolerance = tolerance
        self.maximum = maximum
        valueScale = valueMaximum > 0 ? valueMaximum : 1
        referenceScale = maximum > 0 ? maximum : 1
    }

    /// Both norms are taken of values scaled to at most 1, so that nothing overflows.
    var cosine: Double? {
        let norms = valueSquares.squareRoot() * referenceSquares.squareRoot()
        return norms > 0 ? max(-1, min(1, dot / norms)) : nil
    }

    /// 10·log₁₀(Σr² / Σ(v − r)²) in dB; nil without an error, or without a signal.
    var signalToNoise: Double? {
        let ratio = referenceSquares / errorSquares
        return ratio > 0 && ratio.isFinite ? 10 * log10(ratio) : nil
    }

    mutating func add(_ values: [Double], _ references: [Double]) {
        for index in values.indices {
            let value = values[index]
            let reference = references[index]
            guard value.isFinite, reference.isFinite else {
                outsideCount += 1
                note(
                    Pair(
                        offset: start + index, value: value, reference: reference,
                        margin: .infinity, absolute: .infinity))
                continue
            }
            let scaled = value / valueScale
            let scaledReference = reference / referenceScale
            dot += scaled * scaledReference
            valueSquares += scaled * scaled
            referenceSquares += scaledReference * scaledReference
            let error = scaledReference - value / referenceScale
            errorSquares += error * error
            if value != reference { measure(start + index, value, reference) }
        }
    }

    /// Adds what was found in a later part.
    mutating func join(_ other: DifferencePass) {
        maximumAbsolute = max(maximumAbsolute, other.maximumAbsolute)
        maximumRelative = max(maximumRelative, other.maximumRelative)
        maximumULP = max(maximumULP, other.maximumULP)
        outsideCount += other.outsideCount
        dot += other.dot
        valueSquares += other.valueSquares
        referenceSquares += other.referenceSquares
        errorSquares += other.errorSquares
        if let pair = other.worst { note(pair) }
    }

    private mutating func measure(_ offset: Int, _ value: Double, _ reference: Double) {
        let absolute = (value - reference).magnitude
        let bound = tolerance.bound(reference: reference, maximum: maximum)
        if !tolerance.admits(value, reference: reference, maximum: maximum) { outsideCount += 1 }
        maximumAbsolute = max(maximumAbsolute, absolute)
        if reference != 0 {
            maximumRelative = max(maximumRelative, absolute / reference.magnitude)
        }
        maximumULP = max(maximumULP, ulpDistance(Float(value), Float(reference)))
        note(
            Pair(
                offset: offset, value: value, reference: reference,
                margin: bound > 0 ? absolute / bound : .infinity, absolute: absolute))
    }

    private mutating func note(_ pair: Pair) {
        if let worst, (pair.margin, pair.absolute) <= (worst.margin, worst.absolute) { return }
        worst = pair
    }
}

/// Steps between two floats along all float32 values; −0 and +0 are one.
package func ulpDistance(_ a: Float, _ b: Float) -> UInt32 {
    func order(_ value: Float) -> Int64 {
        let magnitude = Int64(value.bitPattern & 0x7FFF_FFFF)
        return value.sign == .minus ? -magnitude : magnitude
    }
    return UInt32((order(a) - order(b)).magnitude)
}
