/// A range of bytes of a storage, which it keeps alive.
package struct ByteRegion: Sendable {
    package let storage: ByteStorage
    /// Where in the storage the bytes lie.
    package let range: Range<Int>

    /// - Precondition: the range lies inside the storage.
    package init(_ storage: ByteStorage, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= storage.count,
            "region \(range) lies outside its \(storage.count) bytes")
        self.storage = storage
        self.range = range
    }

    /// All bytes of a storage.
    package init(_ storage: ByteStorage) {
        self.init(storage, 0..<storage.count)
    }

    /// A copy of `bytes`.
    package init(_ bytes: [UInt8]) {
        self.init(ByteStorage(bytes))
    }

    /// A tensor's elements.
    package init(_ tensor: Tensor) {
        self.init(tensor.storage, tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
    }

    package var count: Int { range.count }

    /// The bytes as numbers.
    package var tensor: Tensor {
        Tensor(
            elementType: .uint8, shape: [count], storage: storage, byteOffset: range.lowerBound)
    }

    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = storage.bytes.extracting(range)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with the bytes; the pointer must not outlive the call.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe storage.withUnsafeBytes { all in
            try unsafe body(UnsafeRawBufferPointer(rebasing: all[range]))
        }
    }

    /// Up to `count` bytes from `offset`, copied; fewer at the end.
    package func copy(at offset: Int = 0, count: Int = .max) -> [UInt8] {
        guard offset >= 0, offset < self.count, count > 0 else { return [] }
        let end = offset + min(count, self.count - offset)
        return unsafe withUnsafeBytes { unsafe Array($0[offset..<end]) }
    }
}

extension ByteStorage {
    /// The little-endian number at any byte; nil where it would not lie inside the storage.
    package func integer<Number: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as _: Number.Type
    ) -> Number? {
        guard offset >= 0, count >= MemoryLayout<Number>.size,
            offset <= count - MemoryLayout<Number>.size
        else { return nil }
        return unsafe withUnsafeBytes { bytes in
            unsafe Number(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
    }
}
