import Foundation
package import Tensors

/// Why a tensor differs from its reference.
package struct TensorCause: Equatable, Sendable {
    package var cause: Cause
    /// The cause with its figures, as one sentence without a full stop.
    package var explanation: String
    /// Whether undoing it makes the tensors equal: to the last bit, or up to the rounding that the
    /// explanation states.
    package var isExact: Bool

    package init(_ cause: Cause, _ explanation: String, isExact: Bool = true) {
        self.cause = cause
        self.explanation = explanation
        self.isExact = isExact
    }
}

/// What a tensor does in its network, as far as it decides which mistakes are possible.
package struct TensorContext: Sendable {
    package enum Role: Sendable {
        /// A convolution's, [out, in/group, spatial…].
        case kernel
        /// A dense layer's matrix, [out, in].
        case dense
        case bias
        /// One number a channel: a part of batch normalisation.
        case statistic
        case other
    }

    package var role: Role
    package var group: Int
    /// [C, H, W] of the picture whose flattening a dense layer reads; nil for other layers.
    package var flattened: [Int]?
    /// Whether the layer reads the network's input.
    package var isFirst: Bool

    package init(
        _ role: Role, group: Int = 1, flattened: [Int]? = nil, isFirst: Bool = false
    ) {
        self.role = role
        self.group = group
        self.flattened = flattened
        self.isFirst = isFirst
    }
}

extension Tensor {
    /// The same elements, moved and rounded already; several threads do it.
    package var settled: Tensor {
        if isStored { return self }
        let size = byteCount
        let storage = unsafe ByteStorage(count: size) { buffer in
            // Pieces do not overlap.
            nonisolated(unsafe) let buffer = unsafe buffer
            unsafe eachPiece { offset, bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset...])
                    .copyMemory(from: bytes)
            }
        }
        return Tensor(elementType: elementType, shape: shape, storage: storage)
    }

    /// The elements at `range` in row-major order, as one axis.
    ///
    /// - Precondition: the elements are stored, and the range lies among them.
    func slice(_ range: Range<Int>) -> Tensor {
        precondition(isStored && range.upperBound <= elementCount)
        return Tensor(
            elementType: elementType, shape: [range.count], storage: storage,
            byteOffset: byteOffset + range.lowerBound * elementType.size)
    }
}

extension Tensor {
    /// The elements in slices that stay in the cache when they are widened.
    var blocks: some Sequence<Tensor> {
        let length = 1 << 14
        return stride(from: 0, to: elementCount, by: length).lazy.map { start in
            slice(start..<Swift.min(start + length, elementCount))
        }
    }

    /// Whether the bytes of stored elements agree; on this thread alone.
    func hasBytes(of other: Tensor) -> Bool {
        unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                guard mine.count == theirs.count else { return false }
                guard let left = mine.baseAddress, let right = theirs.baseAddress else {
                    return true
                }
                return unsafe memcmp(left, right, mine.count) == 0
            }
        }
    }
}

/// The indices along each axis of the element at `index` in row-major order.
package func coordinates(of index: Int, in shape: [Int]) -> [Int] {
    var rest = index
    var result: [Int] = []
    for size in shape.reversed() {
        result.append(size > 0 ? rest % size : 0)
        rest /= max(size, 1)
    }
    return result.reversed()
}
