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

    /// Works on bit patterns, where the magnitudes of floats order like integers: one pass finds the
    /// largest and whether any element differs from the first, and compiles to vector code. Only when
    /// the largest is no number are the elements looked at one by one.
    private mutating func addFloat32(_ bytes: UnsafeRawBufferPointer) {
        elementCount = bytes.count / 4
        guard elementCount > 0 else { return }
        let infinity: Int32 = 0x7F80_0000
        let first = unsafe bytes.loadUnaligned(as: Int32.self)
        var largest: Int32 = 0
        var changed: Int32 = 0
        for index in 0..<elementCount {
            let bits = unsafe bytes.loadUnaligned(fromByteOffset: index &* 4, as: Int32.self)
            largest = max(largest, bits & 0x7FFF_FFFF)
            changed |= bits ^ first
        }
        if largest < infinity {
            maximumMagnitude = Double(Float(bitPattern: UInt32(largest)))
        } else {
            for index in 0..<elementCount {
                let value = unsafe bytes.loadUnaligned(fromByteOffset: index &* 4, as: Float.self)
                add(Double(value))
            }
        }
        // −0 and +0 are equal although their bits are not.
        let isEqual = changed == 0 || largest == 0
        isConstant = elementCount > 1 && isEqual && nanCount == 0
    }
}

extension Tensor {
    /// The elements in pieces of one axis, so that widening them needs little memory.
    func chunks() -> some Sequence<Tensor> {
        let length = 1 << 14
        return stride(from: 0, to: elementCount, by: length).lazy.map { start in
            part(start..<Swift.min(start + length, elementCount))
        }
    }

    /// The elements of a range of row-major indices.
    func part(_ range: Range<Int>) -> Tensor {
        Tensor(
            elementType: elementType, shape: [range.count], storage: storage,
            byteOffset: byteOffset + range.lowerBound * elementType.size)
    }
}
