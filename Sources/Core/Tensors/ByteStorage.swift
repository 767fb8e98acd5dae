import Foundation

/// The one owner of bytes that tensors share: a file mapping, heap memory, or memory of a C library.
///
/// The bytes never change once the storage is shared, so any number of threads may read them.
@safe
package final class ByteStorage: @unchecked Sendable {
    private let base: UnsafeRawPointer
    private let release: @Sendable () -> Void

    /// Bytes held.
    package let count: Int

    /// Takes over memory of another owner; `release` runs once when the last user is gone.
    package init(
        unsafeOwning base: UnsafeRawPointer, count: Int, release: @escaping @Sendable () -> Void
    ) {
        unsafe self.base = base
        self.count = count
        self.release = release
    }

    /// Allocates `count` bytes on a 64-byte boundary and lets `fill` write all of them.
    package convenience init(
        count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
        do {
            try unsafe fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
        } catch {
            unsafe memory.deallocate()
            throw error
        }
        let address = UInt(bitPattern: memory)
        unsafe self.init(unsafeOwning: memory, count: count) {
            unsafe UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
        }
    }

    /// Copies `bytes`.
    package convenience init(_ bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { buffer in
            unsafe buffer.copyBytes(from: bytes)
        }
    }

    deinit { release() }

    /// The bytes, for as long as the storage lives.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with the bytes as a raw buffer; the pointer must not outlive the call.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }
}
