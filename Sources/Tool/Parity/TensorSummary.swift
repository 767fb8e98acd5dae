package import Tensors

/// What one pass over a tensor's elements tells.
package struct TensorSummary: Codable, Equatable, Sendable {
    package var elementCount = 0
    package var nanCount = 0
    package var infinityCount = 0
    /// The largest magnitude of a finite element; 0 when there is none.
    package var maximumMagnitude = 0.0
    /// Whether two or more elements exist and all are equal.
    package var isConstant = false

    /// NaNs and infinities.
    package var nonFiniteCount: Int { nanCount + infinityCount }

    /// Looks at every element of `tensor`.
    package init(of tensor: Tensor) {
        if tensor.elementType == .float32 {
            unsafe tensor.withUnsafeBytes { unsafe addFloat32($0) }
            return
        }
        elementCount = tensor.elementCount
        isConstant = elementCount > 1
        var first: Double?
        for chunk in tensor.chunks() {
            for value in chunk.doubles() {
                let expected = first ?? value
                first = expected
                if value != expected { isConstant = false }
                add(value)
            }
        }
    }

    private mutating func add(_ value: Double) {
        if value.isFinite {
            maximumMagnitude = max(maximumMagnitude, value.magnitude)
        } else if value.isNaN {
            nanCount += 1
        } else {
            infinityCount += 1
        }
    }

    /// Sixteen elements at a time, on bit patterns: the magnitudes of floats order like integers.
    private mutating func addFloat32(_ bytes: UnsafeRawBufferPointer) {
        elementCount = bytes.count / 4
        guard elementCount > 0 else { return }
        let first = unsafe bytes.loadUnaligned(as: UInt32.self)
        var lanes = BitPatternLanes()
        let whole = bytes.count / 64 * 64
        // A lane counts in 32 bits, which a block of 2³⁰ elements cannot overflow.
        for block in stride(from: 0, to: whole, by: 1 << 32) {
            for offset in stride(from: block, to: min(block + 1 << 32, whole), by: 64) {
                let bits = unsafe bytes.loadUnaligned(
                    fromByteOffset: offset, as: SIMD16<UInt32>.self)
                lanes.add(bits, first: first)
            }
            nanCount += lanes.takeNaNs()
            infinityCount += lanes.takeInfinities()
        }
        maximumMagnitude = Double(Float(bitPattern: lanes.largest.max()))
        var isEqual = lanes.changed == .zero
        for offset in stride(from: whole, to: elementCount * 4, by: 4) {
            let bits = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            add(Double(Float(bitPattern: bits)))
            isEqual = isEqual && bits == first
        }
        isConstant = elementCount > 1 && isEqual && nanCount == 0
    }
}

/// Sixteen running counts over float32 bit patterns.
private struct BitPatternLanes {
    private var nans = SIMD16<UInt32>.zero
    private var infinities = SIMD16<UInt32>.zero
    var largest = SIMD16<UInt32>.zero
    var changed = SIMD16<UInt32>.zero

    @inline(__always)
    mutating func add(_ bits: SIMD16<UInt32>, first: UInt32) {
        let infinity: UInt32 = 0x7F80_0000
        let magnitudes = bits & 0x7FFF_FFFF
        nans.replace(with: nans &+ 1, where: magnitudes .> infinity)
        infinities.replace(with: infinities &+ 1, where: magnitudes .== infinity)
        let finite = magnitudes.replacing(with: 0, where: magnitudes .>= infinity)
        largest.replace(with: finite, where: finite .> largest)
        changed |= bits ^ first
    }

    mutating func takeNaNs() -> Int {
        defer { nans = .zero }
        return nans.indices.reduce(0) { $0 + Int(nans[$1]) }
    }

    mutating func takeInfinities() -> Int {
        defer { infinities = .zero }
        return infinities.indices.reduce(0) { $0 + Int(infinities[$1]) }
    }
}

extension Tensor {
    /// The elements in pieces of one axis, so that widening them needs little memory.
    func chunks() -> some Sequence<Tensor> {
        let length = 1 << 14
        return stride(from: 0, to: elementCount, by: length).lazy.map { start in
            Tensor(
                elementType: elementType, shape: [Swift.min(length, elementCount - start)],
                storage: storage, byteOffset: byteOffset + start * elementType.size)
        }
    }
}
