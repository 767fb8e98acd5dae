import CFiles
import Dispatch
import Foundation
import Synchronization
package import Tensors

/// Parts of a written file that the kernel copied from other files. While it copies more, they are
/// handed to the disk, read again and compared with what they are copies of.
package final class CopiedParts: Sendable {
    /// What a part is a copy of.
    private struct Source: Equatable {
        let storage: ObjectIdentifier
        let bytes: Range<Int>

        init(_ tensor: Tensor) {
            storage = ObjectIdentifier(tensor.storage)
            bytes = tensor.byteOffset..<tensor.byteOffset + tensor.byteCount
        }
    }

    private struct State {
        /// By the place in the file.
        var sources: [Int: Source] = [:]
        var hasDifference = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "copied parts")

    /// - Parameter descriptor: the file, open for reading and writing as long as this lives.
    package init(of descriptor: Int32) { self.descriptor = descriptor }

    /// Takes up bytes of a tensor that were copied to where the tensor begins at `offset`.
    package func follow(_ tensor: Tensor, _ bytes: Range<Int>, at offset: Int) {
        queue.async { [self] in
            ferry_begin_writing(
                descriptor, Int64(offset + bytes.lowerBound), Int64(bytes.count))
            if !fileHas(tensor, bytes, at: offset) { state.withLock { $0.hasDifference = true } }
        }
    }

    /// Notes that all bytes of a tensor were copied to `offset`.
    package func add(_ tensor: Tensor, at offset: Int) {
        state.withLock { $0.sources[offset] = Source(tensor) }
    }

    /// Drops what was said about parts that are written over.
    func forget(_ range: Range<Int>) {
        state.withLock { state in
            state.sources = state.sources.filter { offset, source in
                !range.overlaps(offset..<offset + source.bytes.count)
            }
        }
    }

    func wait() { queue.sync {} }

    /// Whether a tensor read from the file is a copy that was compared with `original` and equal.
    package func isCopy(_ tensor: Tensor, of original: Tensor) -> Bool {
        guard tensor.isStored, original.isStored, tensor.byteCount == original.byteCount,
            let file = tensor.storage.fileDescriptor, isFile(file)
        else { return false }
        wait()
        return state.withLock {
            !$0.hasDifference && $0.sources[tensor.byteOffset] == Source(original)
        }
    }

    /// Whether another descriptor is of this file.
    private func isFile(_ other: Int32) -> Bool {
        var (mine, theirs) = (stat(), stat())
        return unsafe fstat(descriptor, &mine) == 0 && fstat(other, &theirs) == 0
            && mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino
    }

    private func fileHas(_ tensor: Tensor, _ bytes: Range<Int>, at offset: Int) -> Bool {
        let start = offset + bytes.lowerBound
        let lead = start % Int(getpagesize())
        let size = lead + bytes.count
        let mapping = unsafe mmap(
            nil, size, PROT_READ, MAP_SHARED, descriptor, off_t(start - lead))
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else { return false }
        defer { unsafe _ = munmap(mapping, size) }
        return unsafe tensor.withUnsafeBytes { original in
            guard let original = original.baseAddress else { return false }
            return unsafe memcmp(mapping + lead, original + bytes.lowerBound, bytes.count) == 0
        }
    }
}
