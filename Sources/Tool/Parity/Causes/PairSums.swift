import Tensors

/// Sums and maxima over pairs of elements; parts of them can be merged in any order.
struct PairSums {
    var count = 0
    var first = Int.max
    var last = -1
    var firstBitCount = 0
    var absolute = 0.0
    var relative = 0.0
    var ulp = 0
    var nonFinite = 0
    var difference = 0.0
    var dot = 0.0
    var valueSquares = 0.0
    var referenceSquares = 0.0

    /// Elements looked at together: they stay in the cache between two looks.
    private static let block = 1 << 12

    mutating func merge(_ other: PairSums) {
        if other.first < first { (first, firstBitCount) = (other.first, other.firstBitCount) }
        count += other.count
        last = max(last, other.last)
        absolute = max(absolute, other.absolute)
        relative = max(relative, other.relative)
        ulp = max(ulp, other.ulp)
        nonFinite += other.nonFinite
        difference += other.difference
        dot += other.dot
        valueSquares += other.valueSquares
        referenceSquares += other.referenceSquares
    }

    /// Adds a piece in which every bit agrees.
    mutating func addEqual(_ piece: Tensor) {
        let squares = piece.sumOfSquares
        dot += squares
        valueSquares += squares
        referenceSquares += squares
    }

    /// Adds a piece whose first element has index `start`.
    mutating func add(_ a: Tensor, _ b: Tensor, at start: Int) {
        for begin in stride(from: 0, to: a.elementCount, by: Self.block) {
            let range = begin..<min(begin + Self.block, a.elementCount)
            let (mine, theirs) = (a.slice(range), b.slice(range))
            if mine.hasBytes(of: theirs) {
                addEqual(theirs)
            } else {
                addBlock(mine, theirs, at: start + begin)
            }
        }
    }

    private mutating func addBlock(_ a: Tensor, _ b: Tensor, at start: Int) {
        let (values, references) = (a.doubles(), b.doubles())
        let (codes, others) = (a.words(), b.words())
        let width = a.elementType.hasULP ? a.elementType.bitWidth : 0
        for index in values.indices {
            let (value, reference) = (values[index], references[index])
            if codes[index] != others[index] {
                note(start + index, codes[index] ^ others[index])
                if width > 0 {
                    ulp = max(ulp, steps(codes[index], others[index], width: width))
                }
            }
            guard value.isFinite, reference.isFinite else {
                if reference.isFinite { nonFinite += 1 }
                continue
            }
            dot += value * reference
            valueSquares += value * value
            referenceSquares += reference * reference
            let distance = (value - reference).magnitude
            if distance == 0 { continue }
            difference += value - reference
            absolute = max(absolute, distance)
            if reference != 0 { relative = max(relative, distance / reference.magnitude) }
        }
    }

    private mutating func note(_ index: Int, _ bits: UInt64) {
        count += 1
        last = max(last, index)
        if index < first { (first, firstBitCount) = (index, bits.nonzeroBitCount) }
    }

    /// Steps between two floats of `width` bits along all values of their type; −0 and +0 are one.
    private func steps(_ a: UInt64, _ b: UInt64, width: Int) -> Int {
        let sign = UInt64(1) << UInt64(width - 1)
        func order(_ code: UInt64) -> Int64 {
            let magnitude = Int64(code & (sign - 1))
            return code & sign == 0 ? magnitude : -magnitude
        }
        return Int(clamping: order(a).subtractingReportingOverflow(order(b)).partialValue.magnitude)
    }
}

extension Tensor {
    /// The bits of each element.
    func words() -> [UInt64] {
        func widened<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> [UInt64] {
            let count = elementCount
            return unsafe withUnsafeBytes { bytes in
                (0..<count).map { index in
                    let word = unsafe bytes.loadUnaligned(
                        fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                    return UInt64(word)
                }
            }
        }
        switch elementType.size {
        case 1: return widened(UInt8.self)
        case 2: return widened(UInt16.self)
        case 4: return widened(UInt32.self)
        default: return widened(UInt64.self)
        }
    }

    /// Σ x² over finite elements; of float32 summed in vectors of float32, some thousand at a time.
    var sumOfSquares: Double {
        guard elementType == .float32 else { return exactSumOfSquares }
        let block = 1 << 12
        var total = 0.0
        for start in stride(from: 0, to: elementCount, by: block) {
            let part = slice(start..<Swift.min(start + block, elementCount))
            let sum = unsafe part.withUnsafeBytes { unsafe vectorSumOfSquares($0) }
            total += sum.isFinite ? Double(sum) : part.exactSumOfSquares
        }
        return total
    }

    private var exactSumOfSquares: Double {
        blocks.reduce(0) { sum, block in
            sum + block.doubles().reduce(0) { $1.isFinite ? $0 + $1 * $1 : $0 }
        }
    }
}

private func vectorSumOfSquares(_ bytes: UnsafeRawBufferPointer) -> Float {
    var sums = (SIMD16<Float>.zero, SIMD16<Float>.zero)
    var offset = 0
    while offset + 128 <= bytes.count {
        let a = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        let b = unsafe bytes.loadUnaligned(fromByteOffset: offset + 64, as: SIMD16<Float>.self)
        sums.0 += a * a
        sums.1 += b * b
        offset += 128
    }
    var total = (sums.0 + sums.1).sum()
    while offset + 4 <= bytes.count {
        let value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
        total += value * value
        offset += 4
    }
    return total
}
