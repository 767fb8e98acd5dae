import Foundation
import Synchronization

/// The one owner of bytes that tensors share: a file mapping, heap memory, or memory of a C library.
///
/// The bytes never change once the storage is shared, so any number of threads may read them.
@safe
package final class ByteStorage: @unchecked Sendable {
    /// Nil while the bytes are still to be made.
    private let known: UnsafeRawPointer?
    private let deferred: DeferredBytes?
    private let release: @Sendable () -> Void

    /// The open file that the bytes are a read-only mapping of, from its first byte on; its pages
    /// can be read again.
    package let fileDescriptor: Int32?

    /// Bytes held.
    package let count: Int

    /// Takes over memory of another owner; `release` runs once when the last user is gone.
    ///
    /// - Parameter fileDescriptor: of the file that it is a read-only mapping of, from its first byte
    ///   on; open until `release`.
    package init(
        unsafeOwning base: UnsafeRawPointer, count: Int, fileDescriptor: Int32? = nil,
        release: @escaping @Sendable () -> Void
    ) {
        unsafe known = base
        deferred = nil
        self.count = count
        self.fileDescriptor = fileDescriptor
        self.release = release
    }

    /// Bytes that `fill` makes when they are first read.
    init(count: Int, whenReadFilledBy fill: @escaping DeferredBytes.Fill) {
        unsafe known = nil
        unsafe deferred = DeferredBytes(count: count, fill)
        self.count = count
        fileDescriptor = nil
        release = {}
    }

    private var base: UnsafeRawPointer {
        if let known = unsafe known { return unsafe known }
        guard let deferred else { preconditionFailure("storage has bytes or makes them") }
        return unsafe deferred.base
    }

    /// Allocates `count` bytes on a 64-byte boundary and lets `fill` write all of them.
    package convenience init(
        count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        let memory = unsafe Self.allocate(count)
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

    /// Memory on a 64-byte boundary; much memory in large pages where the system has them, since
    /// writing it for the first time costs a fault a page.
    private static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let largePage = 2 << 20
        guard count >= 2 * largePage else {
            return .allocate(byteCount: max(count, 1), alignment: 64)
        }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: largePage)
        #if os(Linux)
            unsafe _ = madvise(memory, count, MADV_HUGEPAGE)
        #endif
        return unsafe memory
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

    /// Lets the system take back memory that holds whole pages of `range`, where a file keeps them:
    /// reading them again reads the file again. Other storage keeps its bytes as they are.
    package func releasePages(_ range: Range<Int>) {
        guard fileDescriptor != nil, range.upperBound <= count else { return }
        let page = Int(getpagesize())
        let first = (range.lowerBound + page - 1) / page * page
        let length = range.upperBound / page * page - first
        guard length > 0 else { return }
        unsafe _ = madvise(UnsafeMutableRawPointer(mutating: base + first), length, MADV_DONTNEED)
    }

    /// Calls `body` with the bytes as a raw buffer; the pointer must not outlive the call.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }
}

/// Heap memory that is filled by the first reader; others wait.
@safe
final class DeferredBytes: @unchecked Sendable {
    typealias Fill = @Sendable (UnsafeMutableRawBufferPointer) -> Void

    private let count: Int
    private let fill: Fill
    private let address = Mutex<UInt?>(nil)

    init(count: Int, _ fill: @escaping Fill) {
        self.count = count
        unsafe self.fill = fill
    }

    deinit {
        if let made = address.withLock({ $0 }) {
            unsafe UnsafeMutableRawPointer(bitPattern: made)?.deallocate()
        }
    }

    var base: UnsafeRawPointer {
        let made = address.withLock { address in
            if let address { return address }
            let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
            unsafe fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
            let made = UInt(bitPattern: memory)
            address = made
            return made
        }
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: made) else {
            preconditionFailure("memory has an address")
        }
        return unsafe pointer
    }
}
