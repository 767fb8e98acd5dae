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
        // One column stays free, so that no terminal breaks the line.
        let text = "\(label) \(percent) %".prefix(max(0, columns(of: terminal) - 1))
        _ = writeAll(Array("\r\u{1B}[K\(text)".utf8), to: terminal)
    }

    /// Wipes the line.
    package func finish() {
        guard let terminal, isShown else { return }
        isShown = false
        _ = writeAll(Array("\r\u{1B}[K".utf8), to: terminal)
    }

    deinit { finish() }
}

private func columns(of terminal: Int32) -> Int {
    var size = winsize()
    guard unsafe ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
}
