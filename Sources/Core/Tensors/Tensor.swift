import Foundation

/// An array of numbers in row-major order: an element type, a shape, and bytes it shares.
///
/// A tensor is a value: copying it copies no elements. Elements are little-endian and contiguous,
/// and may start at any byte of their storage.
package struct Tensor: Sendable {
    package let elementType: ElementType
    /// Sizes of the axes, outermost first; empty for a scalar.
    package let shape: [Int]
    package let storage: ByteStorage
    /// Where in `storage` the first element lies.
    package let byteOffset: Int
    /// The bytes that `storage` will be made of, while its elements have not been moved.
    let reordering: Reordering?
    /// What `storage` will be rounded from, while its elements have not been.
    let rounding: Rounding?

    /// Describes bytes of `storage` as a tensor.
    ///
    /// - Precondition: the shape is not negative and its elements lie inside the storage.
    package init(
        elementType: ElementType, shape: [Int], storage: ByteStorage, byteOffset: Int = 0
    ) {
        guard let size = Tensor.byteCount(of: shape, elementType) else {
            preconditionFailure("tensor shape \(shape) is negative or overflows")
        }
        precondition(
            byteOffset >= 0 && byteOffset <= storage.count && size <= storage.count - byteOffset,
            "tensor of \(size) bytes at \(byteOffset) lies outside its \(storage.count) bytes")
        self.elementType = elementType
        self.shape = shape
        self.storage = storage
        self.byteOffset = byteOffset
        reordering = nil
        rounding = nil
    }

    /// Describes elements that are moved from where `reordering` finds them when they are needed.
    init(elementType: ElementType, shape: [Int], storage: ByteStorage, reordering: Reordering) {
        self.elementType = elementType
        self.shape = shape
        self.storage = storage
        byteOffset = 0
        self.reordering = reordering
        rounding = nil
    }

    /// Describes elements that are rounded when they are needed.
    init(_ rounding: Rounding, shape: [Int], storage: ByteStorage) {
        elementType = rounding.target
        self.shape = shape
        self.storage = storage
        byteOffset = 0
        reordering = nil
        self.rounding = rounding
    }

    /// Number of elements of `shape`, or nil when an axis is negative or the product overflows.
    package static func elementCount(of shape: [Int]) -> Int? {
        var count = 1
        var isEmpty = false
        for size in shape {
            if size < 0 { return nil }
            if size == 0 {
                isEmpty = true
                continue
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            count = product
        }
        return isEmpty ? 0 : count
    }

    /// Bytes a tensor of `shape` occupies, or nil when an axis is negative or the product overflows.
    package static func byteCount(of shape: [Int], _ elementType: ElementType) -> Int? {
        guard let count = elementCount(of: shape) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: elementType.size)
        return overflow ? nil : bytes
    }

    package var rank: Int { shape.count }
    package var elementCount: Int { shape.reduce(1, *) }
    package var byteCount: Int { elementCount * elementType.size }

    /// The elements' bytes.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = storage.bytes.extracting(byteOffset..<byteOffset + byteCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with the elements' bytes; the pointer must not outlive the call.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeBytes { all in
            try unsafe body(
                UnsafeRawBufferPointer(rebasing: all[byteOffset..<byteOffset + byteCount]))
        }
    }

    /// Gives back the memory of elements that lie in a mapped file and are not needed soon.
    package func releasePages() {
        storage.releasePages(byteOffset..<byteOffset + byteCount)
    }

    /// The same elements under another shape.
    ///
    /// - Precondition: the element counts agree.
    package func reshaped(_ shape: [Int]) -> Tensor {
        precondition(
            Tensor.elementCount(of: shape) == elementCount,
            "cannot reshape \(self.shape) to \(shape)")
        if let rounding { return rounding.source.reshaped(shape).rounded(to: elementType) }
        if let reordering {
            return Tensor(
                elementType: elementType, shape: shape, storage: storage, reordering: reordering)
        }
        return Tensor(
            elementType: elementType, shape: shape, storage: storage, byteOffset: byteOffset)
    }

    /// Whether element type, shape and every bit of the elements agree.
    package func isBitEqual(to other: Tensor) -> Bool {
        elementType == other.elementType && shape == other.shape && hasEqualBytes(to: other)
    }
}
