import Foundation
import Synchronization

/// Pieces of work that threads take one by one, each thread with a buffer of its own.
package enum Pieces {
    /// Bytes that a core's cache holds beside others.
    package static let size = 1 << 20

    /// More threads would wait for memory, and each holds a buffer.
    private static let threadLimit = min(8, ProcessInfo.processInfo.activeProcessorCount)

    /// Calls `body` with each number below `count` and a buffer that no other call has meanwhile.
    ///
    /// The first error ends the work; pieces that other threads have taken are finished.
    package static func each<Failure: Error>(
        of count: Int, bufferBytes: Int,
        _ body: @Sendable (Int, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let next = Atomic(0)
        let failure = Mutex<Failure?>(nil)
        DispatchQueue.concurrentPerform(iterations: min(count, threadLimit)) { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: bufferBytes, alignment: 4096)
            defer { unsafe buffer.deallocate() }
            do throws(Failure) {
                while true {
                    let piece = next.add(1, ordering: .relaxed).oldValue
                    if piece >= count { return }
                    try unsafe body(piece, buffer)
                }
            } catch {
                next.store(count, ordering: .relaxed)
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
