import Foundation

/// A line on a terminal that says how far a long step has come.
///
/// It appears after one second, changes at most ten times a second, and is wiped when done.
package final class Progress {
    private let label: String
    private let terminal: Int32?
    private let start: ContinuousClock.Instant
    private var next: ContinuousClock.Instant
    private var isShown = false

    init(label: String, terminal: Int32?, delay: Duration = .seconds(1)) {
        self.label = label
        self.terminal = terminal
        start = .now
        next = start + delay
    }

    /// Reports that `done` of `total` units are done.
    package func update(_ done: Int, of total: Int) {
        guard let terminal else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + .milliseconds(100)
        isShown = true
        let percent = total > 0 ? Int(100 * Double(done) / Double(total)) : 100
        showLine("\(label) \(percent) %", on: terminal)
    }

    /// Wipes the line.
    package func finish() {
        guard let terminal, isShown else { return }
        isShown = false
        _ = writeAll(Array("\r\u{1B}[K".utf8), to: terminal)
    }

    deinit { finish() }
}
