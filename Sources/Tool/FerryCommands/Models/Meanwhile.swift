import Dispatch
import Synchronization

/// Work of another thread, begun at once.
final class Meanwhile: Sendable {
    private let failure = Mutex<(any Error)?>(nil)
    private let group = DispatchGroup()

    init(_ body: @escaping @Sendable () throws -> Void) {
        DispatchQueue.global().async(group: group) { [self] in
            do {
                try body()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits for the end of the work, and throws its error.
    func wait() throws {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
