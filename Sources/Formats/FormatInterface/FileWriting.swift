import CFiles
import Foundation
import Tensors

extension Tensor {
    /// Writes the elements to an open file. Those that lie in a file as they are the kernel copies
    /// itself; others go through buffers in the cache, from which it reads twice as fast as from a
    /// mapping. The disk begins meanwhile.
    ///
    /// - Parameters:
    ///   - offset: where the first element goes.
    ///   - destination: the file's name, for messages.
    ///   - copies: follow what the kernel copies into the file.
    ///   - visit: sees the pieces, in any order and from several threads.
    func write(
        to descriptor: Int32, at offset: Int, for destination: String,
        copies: CopiedParts, visit: (@Sendable (Int, RawSpan) -> Void)? = nil
    ) throws(OutputError) {
        if visit == nil, copyFile(to: descriptor, at: offset, copies) { return }
        try unsafe eachPiece { start, bytes throws(OutputError) in
            guard unsafe writeAll(bytes, to: descriptor, at: offset + start) else {
                throw OutputError(
                    file: destination, problem: "could not write: \(lastSystemError())")
            }
            startWriteback(of: offset + start..<offset + start + bytes.count, in: descriptor)
            unsafe visit?(start, RawSpan(_unsafeBytes: bytes))
        }
    }

    /// Bytes that the kernel copies at a time.
    private static let copiedPiece = 8 << 20
    /// Fewer are not worth asking it for.
    private static let leastCopied = 1 << 16

    /// Lets the kernel copy elements that lie in a file as they are.
    ///
    /// - Returns: false where they do not, or it cannot; some may be written then.
    private func copyFile(to descriptor: Int32, at offset: Int, _ copies: CopiedParts) -> Bool {
        guard isStored, byteCount >= Self.leastCopied, let source = storage.fileDescriptor
        else { return false }
        var copied = 0
        while copied < byteCount {
            let most = min(byteCount - copied, Self.copiedPiece)
            let count = ferry_copy(
                source, Int64(byteOffset + copied), descriptor, Int64(offset + copied),
                UInt64(most))
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            copies.follow(self, copied..<copied + count, at: offset)
            copied += count
        }
        copies.add(self, at: offset)
        return true
    }
}

/// Lets the disk begin with what is written, while more comes.
private func startWriteback(of range: Range<Int>, in descriptor: Int32) {
    ferry_begin_writing(descriptor, Int64(range.lowerBound), Int64(range.count))
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
