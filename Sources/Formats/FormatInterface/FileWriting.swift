import Foundation
package import Tensors

extension Tensor {
    /// Writes the elements to an open file, from buffers in the cache: the kernel reads them from
    /// there twice as fast as from a mapping. The disk begins meanwhile.
    ///
    /// - Parameters:
    ///   - offset: where the first element goes.
    ///   - destination: the file's name, for messages.
    ///   - visit: sees the pieces, in any order and from several threads.
    package func write(
        to descriptor: Int32, at offset: Int, for destination: String,
        visit: @Sendable (Int, RawSpan) -> Void = { _, _ in }
    ) throws(OutputError) {
        try unsafe eachPiece { start, bytes throws(OutputError) in
            guard unsafe writeAll(bytes, to: descriptor, at: offset + start) else {
                throw OutputError(
                    file: destination, problem: "could not write: \(lastSystemError())")
            }
            startWriteback(of: offset + start..<offset + start + bytes.count, in: descriptor)
            unsafe visit(start, RawSpan(_unsafeBytes: bytes))
        }
    }
}

/// Lets the disk begin with what is written, while more comes: such advice makes Linux start writing
/// a range without waiting. The pages being written stay in memory.
private func startWriteback(of range: Range<Int>, in descriptor: Int32) {
    #if os(Linux)
        _ = posix_fadvise(
            descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    #endif
}

/// Writes bytes at `offset` of a file; false when the system could not, for the reason in `errno`.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int) -> Bool {
    var written = 0
    while written < bytes.count {
        let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = unsafe pwrite(
            descriptor, piece.baseAddress, piece.count, off_t(offset + written))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
    }
    return true
}

/// Writes all of `bytes`, however the system divides them.
func writeAll(
    _ bytes: RawSpan, to descriptor: Int32, for destination: String
) throws(OutputError) {
    var failure: OutputError?
    unsafe bytes.withUnsafeBytes { buffer in
        var written = 0
        while written < buffer.count {
            // Linux moves at most 2 GiB a call.
            let piece = min(buffer.count - written, 1 << 30)
            let count = unsafe write(
                descriptor, buffer.baseAddress.map { unsafe $0 + written }, piece)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                failure = OutputError(
                    file: destination, problem: "could not write: \(lastSystemError())")
                return
            }
            written += count
        }
    }
    if let failure { throw failure }
}
