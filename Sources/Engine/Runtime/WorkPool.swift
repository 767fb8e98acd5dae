import Foundation
import Synchronization

/// Threads that share loops. A loop is split by its output alone, so results never depend on how
/// many threads there are.
package final class WorkPool: Sendable {
    /// Threads at work in a loop, the calling one included.
    package let threadCount: Int
    /// What one thread does in some ten microseconds.
    private static let worthwhileOperations = 1 << 19
    private let shared: SharedLoop
    private let workers: [WorkerThread]

    /// Starts `threadCount` − 1 threads; they sleep until the first loop.
    ///
    /// - Precondition: `threadCount` is at least 1.
    package init(threadCount: Int) {
        precondition(threadCount >= 1)
        self.threadCount = threadCount
        let shared = SharedLoop(workers: threadCount - 1)
        self.shared = shared
        workers = (1..<max(threadCount, 1)).map { number in
            WorkerThread { shared.work(thread: number) }
        }
    }

    deinit {
        shared.stop()
        for worker in workers { worker.join() }
    }

    /// Whether a loop of so many operations is shared among threads.
    func splits(operations: Int) -> Bool {
        threadCount > 1 && operations >= Self.worthwhileOperations
    }

    /// Calls `body` once for each index below `count`, on any thread, and returns when all are done.
    ///
    /// `body` gets the index and the number of the thread it runs on, below `threadCount`. A thread
    /// begins with its share of the indices, the same in every loop of as many, and so finds in
    /// its caches what it computed in the loop before; then it helps the others.
    /// Must not be called from two threads at once, nor from inside `body`.
    ///
    /// - Parameter operations: arithmetic operations or bytes moved in the whole loop, roughly;
    ///   small loops run on the calling thread, as waking another takes longer.
    package func run(
        count: Int, operations: Int = .max, _ body: (_ index: Int, _ thread: Int) -> Void
    ) {
        if count <= 1 || !splits(operations: operations) {
            for index in 0..<max(count, 0) { body(index, 0) }
        } else {
            shared.run(count: count, body)
        }
    }
}

/// One loop at a time, and the threads' agreement on it.
private final class SharedLoop: @unchecked Sendable {
    typealias Body = (Int, Int) -> Void

    private let workers: Int
    private let gate = NSCondition()
    private let generation = Atomic<Int>(0)
    private let working = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    /// Written only while no worker is at work; published by `generation`.
    private var body: Body = { _, _ in }
    private let shares: [Share]

    init(workers: Int) {
        self.workers = workers
        shares = (0...workers).map { _ in Share() }
    }

    func run(count: Int, _ body: Body) {
        withoutActuallyEscaping(body) { body in
            self.body = body
            for (number, share) in shares.enumerated() {
                share.next.store(count * number / shares.count, ordering: .relaxed)
                share.end = count * (number + 1) / shares.count
            }
            working.store(workers, ordering: .relaxed)
            gate.lock()
            generation.add(1, ordering: .releasing)
            gate.broadcast()
            gate.unlock()
            take(thread: 0)
            waitUntil { working.load(ordering: .acquiring) == 0 }
            self.body = { _, _ in }
        }
    }

    func work(thread: Int) {
        var seen = 0
        while true {
            waitUntil {
                generation.load(ordering: .acquiring) != seen
                    || isStopped.load(ordering: .acquiring)
            }
            if isStopped.load(ordering: .acquiring) { return }
            seen = generation.load(ordering: .acquiring)
            take(thread: thread)
            if working.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                gate.lock()
                gate.broadcast()
                gate.unlock()
            }
        }
    }

    func stop() {
        gate.lock()
        isStopped.store(true, ordering: .releasing)
        gate.broadcast()
        gate.unlock()
    }

    private func take(thread: Int) {
        for offset in 0..<shares.count {
            let share = shares[(thread + offset) % shares.count]
            while true {
                let index = share.next.add(1, ordering: .relaxed).oldValue
                if index >= share.end { break }
                body(index, thread)
            }
        }
    }

    /// Spins for some tenth of a millisecond, as the next loop usually follows at once and waking
    /// takes almost as long; then sleeps.
    private func waitUntil(_ condition: () -> Bool) {
        for _ in 0..<100_000 where condition() { return }
        gate.lock()
        while !condition() { gate.wait() }
        gate.unlock()
    }
}

/// The indices one thread begins with. Padded, since threads count in their own at once.
private final class Share: @unchecked Sendable {
    let next = Atomic<Int>(0)
    /// Written and published like the loop's body.
    var end = 0
    private let padding = InlineArray<16, Int>(repeating: 0)
}

/// A thread that can be joined.
private final class WorkerThread: @unchecked Sendable {
    private let thread: Thread
    private let finished = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        let finished = finished
        thread = Thread {
            body()
            finished.signal()
        }
        thread.name = "ferry worker"
        thread.start()
    }

    func join() { finished.wait() }
}
