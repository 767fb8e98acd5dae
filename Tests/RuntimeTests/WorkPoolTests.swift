import Runtime
import Synchronization
import Testing

@Suite struct Pools {
    @Test(arguments: 1...5)
    func `each index is computed once`(_ threads: Int) {
        let pool = WorkPool(threadCount: threads)
        #expect(pool.threadCount == threads)
        for count in [0, 1, 2, threads - 1, threads, threads + 1, 100, 1_000] {
            let calls = Counts(count)
            let strays = Atomic<Int>(0)
            pool.run(count: count) { index, thread in
                calls.add(index)
                if thread < 0 || thread >= threads { strays.add(1, ordering: .relaxed) }
            }
            #expect(calls.values == [Int](repeating: 1, count: count))
            #expect(strays.load(ordering: .relaxed) == 0)
        }
    }

    @Test(arguments: 1...5)
    func `no loop has negative work`(_ threads: Int) {
        let pool = WorkPool(threadCount: threads)
        let calls = Atomic<Int>(0)
        pool.run(count: -3) { _, _ in calls.add(1, ordering: .relaxed) }
        pool.run(count: 0) { _, _ in calls.add(1, ordering: .relaxed) }
        #expect(calls.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: 1...5)
    func `a pool runs 10,000 loops`(_ threads: Int) {
        let pool = WorkPool(threadCount: threads)
        let sum = Atomic<Int>(0)
        for _ in 0..<10_000 {
            pool.run(count: 7) { index, _ in sum.add(index + 1, ordering: .relaxed) }
        }
        #expect(sum.load(ordering: .relaxed) == 10_000 * 28)
    }

    @Test func `what a loop wrote is seen when it returns`() {
        let pool = WorkPool(threadCount: 3)
        var values = [Int](repeating: 0, count: 300)
        for round in 1...200 {
            unsafe values.withUnsafeMutableBufferPointer { buffer in
                pool.run(count: 300) { index, _ in unsafe buffer[index] += index + round }
            }
        }
        let rounds = (1...200).reduce(0, +)
        #expect(values == (0..<300).map { 200 * $0 + rounds })
    }

    @Test func `loops of one thread and of one index stay on the calling thread`() {
        let pool = WorkPool(threadCount: 4)
        let other = Atomic<Int>(0)
        for _ in 0..<100 {
            pool.run(count: 1) { _, thread in other.add(thread, ordering: .relaxed) }
        }
        #expect(other.load(ordering: .relaxed) == 0)
    }

    @Test func `pools come and go, used or not`() {
        let calls = Atomic<Int>(0)
        for round in 0..<200 {
            let pool = WorkPool(threadCount: 1 + round % 5)
            if round % 2 == 0 {
                pool.run(count: 3) { _, _ in calls.add(1, ordering: .relaxed) }
            }
        }
        #expect(calls.load(ordering: .relaxed) == 300)
    }

    @Test func `threads sleep between loops and wake for the next`() async throws {
        let pool = WorkPool(threadCount: 3)
        let calls = Atomic<Int>(0)
        for _ in 0..<5 {
            try await Task.sleep(for: .milliseconds(20))
            pool.run(count: 50) { _, _ in calls.add(1, ordering: .relaxed) }
        }
        #expect(calls.load(ordering: .relaxed) == 250)
    }
}

/// Counts calls by index, from any thread.
private final class Counts: Sendable {
    private let counts: Mutex<[Int]>

    init(_ count: Int) { counts = Mutex([Int](repeating: 0, count: count)) }

    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }

    var values: [Int] { counts.withLock { $0 } }
}
