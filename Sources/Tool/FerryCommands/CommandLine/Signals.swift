import FormatInterface
import Foundation

/// What signals do to Ferry.
///
/// SIGINT, SIGTERM and SIGHUP remove the file being written and exit with 130, 143 and 129; a signal
/// that the parent ignores (`nohup`) stays ignored. SIGBUS means that another process cut a mapped
/// input file short: one line and exit status 3. SIGPIPE and SIGXFSZ are ignored, so that the write
/// in question fails and is reported.
package enum Signals {
    /// Installs the handlers; call once, before any other thread exists.
    package static func install() {
        // Makes the first use, which may initialise the global, happen outside any handler.
        PendingFile.removeInSignalHandler()
        handle(SIGINT) { _ in Signals.leave(.interrupted) }
        handle(SIGTERM) { _ in Signals.leave(.terminated) }
        handle(SIGHUP) { _ in Signals.leave(.hungUp) }
        handle(SIGBUS) { _ in
            let message: StaticString =
                "ferry: an input file was cut short by another process while it was being read\n"
            unsafe _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            Signals.leave(.badInput)
        }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func leave(_ status: ExitStatus) {
        PendingFile.removeInSignalHandler()
        _exit(status.rawValue)
    }

    private static func handle(_ number: Int32, _ handler: @convention(c) (Int32) -> Void) {
        let old = signal(number, handler)
        if unsafe unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
            signal(number, SIG_IGN)
        }
    }
}

/// The three standard descriptors.
enum StandardDescriptors {
    /// Fills closed ones, so that no model file can open as standard output and receive messages.
    ///
    /// A closed standard output is filled with something that cannot be written, so that printing
    /// results still fails.
    static func open() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(descriptor, F_GETFD) == -1 {
            let mode = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY
            _ = unsafe Foundation.open("/dev/null", mode)
        }
    }
}
