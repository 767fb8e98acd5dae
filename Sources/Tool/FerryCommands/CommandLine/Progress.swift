import Foundation

/// A line on a terminal that says how far a long step has come.
///
/// It appears after one second, changes at most ten times a second, and is wiped when done.
package final class Progress {
    private let label: String
    private let hasBar: Bool
    private let terminal: Int32?
    private let start: ContinuousClock.Instant
    private var next: ContinuousClock.Instant
    private var isShown = false

    /// - Parameter hasBar: whether the line has a bar, the number of units, their rate and the time
    ///   that is left.
    init(
        label: String, terminal: Int32?, hasBar: Bool = false, delay: Duration = .seconds(1)
    ) {
        self.label = label
        self.hasBar = hasBar
        self.terminal = terminal
        start = .now
        next = start + delay
    }

    /// Reports that `done` of `total` units are done.
    ///
    /// - Parameter before: how many of them were done before this began.
    package func update(_ done: Int, of total: Int, before: Int = 0) {
        guard let terminal else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + .milliseconds(100)
        isShown = true
        let percent = total > 0 ? Int(100 * Double(done) / Double(total)) : 100
        let line = "\(label) \(percent) %"
        showLine(
            hasBar ? bar(done, of: total, before, seconds: (now - start) / .seconds(1)) : line,
            on: terminal)
    }

    /// "pictures [=====>    ] 50 %  500 of 1,000  31.2/s  0:16 left".
    private func bar(_ done: Int, of total: Int, _ before: Int, seconds: Double) -> String {
        let width = 24
        let share = total > 0 ? Double(done) / Double(total) : 1
        let full = min(width, Int(share * Double(width)))
        let bar =
            String(repeating: "=", count: full) + (full < width ? ">" : "")
            + String(repeating: " ", count: max(0, width - full - 1))
        let rate = Double(done - before) / max(seconds, 1e-3)
        let left = rate > 0 ? Int(min(Double(total - done) / rate, 1e7)) : 0
        let clock =
            left < 3600
            ? String(format: "%d:%02d", left / 60, left % 60)
            : String(format: "%d:%02d h", left / 3600, left / 60 % 60)
        return "\(label) [\(bar)] \(Int(100 * share)) %  \(Numbers.grouped(done)) of "
            + "\(Numbers.grouped(total))  " + String(format: "%.1f/s", rate) + "  \(clock) left"
    }

    /// Wipes the line.
    package func finish() {
        guard let terminal, isShown else { return }
        isShown = false
        _ = writeAll(Array("\r\u{1B}[K".utf8), to: terminal)
    }

    deinit { finish() }
}
