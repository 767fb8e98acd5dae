import Foundation
import Parity
import Synchronization

/// A line on a terminal that says what a long command is doing, where no share of it is known.
///
/// It appears after one second, counts the seconds, and is wiped when done. A thread of its own
/// writes it, as reading and writing files report nothing on the way.
package final class Activity: Sendable {
    private struct State {
        var label: String
        var isShown = false
        var isDone = false
    }

    private let state: Mutex<State>
    private let terminal: Int32?

    init(label: String, terminal: Int32?) {
        state = Mutex(State(label: label))
        self.terminal = terminal
        guard let terminal else { return }
        let start = ContinuousClock.now
        Thread.detachNewThread { [weak self] in
            repeat {
                Thread.sleep(forTimeInterval: 0.1)
            } while self?.show(on: terminal, after: ContinuousClock.now - start) ?? false
        }
    }

    /// Says what is done from now on.
    package func enter(_ label: String) {
        state.withLock { $0.label = visible(label) }
    }

    /// Wipes the line; nothing more is shown.
    package func finish() {
        state.withLock { state in
            if state.isShown, let terminal { _ = writeAll(Array("\r\u{1B}[K".utf8), to: terminal) }
            state.isDone = true
            state.isShown = false
        }
    }

    deinit { finish() }

    /// - Returns: whether there is more to show later.
    private func show(on terminal: Int32, after duration: Duration) -> Bool {
        state.withLock { state in
            if state.isDone { return false }
            guard duration >= .seconds(1) else { return true }
            state.isShown = true
            let text = "\(state.label) … \(duration.components.seconds) s"
            showLine(text, on: terminal)
            return true
        }
    }
}

/// Puts `text` in the place of the terminal's current line.
func showLine(_ text: String, on terminal: Int32) {
    // One column stays free, so that no terminal breaks the line.
    let line = text.prefix(max(0, columns(of: terminal) - 1))
    _ = writeAll(Array("\r\u{1B}[K\(line)".utf8), to: terminal)
}

private func columns(of terminal: Int32) -> Int {
    var size = winsize()
    guard unsafe ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
}
