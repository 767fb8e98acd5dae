package import FormatInterface

/// What the process tells its caller; scripts rely on the numbers.
package enum ExitStatus: Int32, Sendable, Comparable {
    /// Done; compared and equal.
    case done = 0
    /// Compared and different.
    case different = 1
    /// Wrong usage, an existing destination, a kernel set the CPU lacks, an ambiguous architecture.
    case wrongUsage = 2
    /// A bad input file, or content that is not supported.
    case badInput = 3
    /// A result could not be written, or read back differently.
    case couldNotWrite = 4
    /// SIGHUP.
    case hungUp = 129
    /// SIGINT.
    case interrupted = 130
    /// SIGTERM.
    case terminated = 143

    /// Worse is greater.
    package static func < (a: ExitStatus, b: ExitStatus) -> Bool { a.rawValue < b.rawValue }

    /// The status an error ends the process with; errors that do not say count as bad input.
    package init(of error: any Error) {
        self = (error as? any ExitStatusProviding)?.exitStatus ?? .badInput
    }
}

/// An error that knows its exit status.
package protocol ExitStatusProviding: Error {
    /// What the process exits with.
    var exitStatus: ExitStatus { get }
}

/// An error that takes more than one line to tell.
protocol SeveralLines: ExitStatusProviding {
    /// At least one.
    var lines: [String] { get }
}

extension InputError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .badInput }
}

extension OutputError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .couldNotWrite }
}

/// A command line that cannot be obeyed.
package struct UsageError: ExitStatusProviding, Equatable, CustomStringConvertible {
    /// What is wrong: "--threads: expected 1 to 1024, found 0".
    package var problem: String
    /// The command whose help to read; nil for `ferry --help`, filled in by the shell.
    package var command: String?

    package init(_ problem: String, command: String? = nil) {
        self.problem = problem
        self.command = command
    }

    package var exitStatus: ExitStatus { .wrongUsage }

    package var description: String {
        let help = command.map { "ferry \($0) --help" } ?? "ferry --help"
        return "\(printable(problem)) (see '\(help)')"
    }
}
