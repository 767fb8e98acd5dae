package import FormatInterface
import Foundation
package import Parity

/// Where results and messages go: results to standard output, everything else to standard error.
///
/// Results are gathered and written in blocks. When the reader of the output has gone away (`ferry
/// inspect model | head`), the rest is dropped in silence and the command's own exit status stands;
/// every other failed write is an `OutputError`.
package final class Console {
    private let output: Int32
    private let errors: Int32
    private let outputIsTerminal: Bool
    private let errorsAreTerminal: Bool
    private var pending: [UInt8] = []
    private var isClosed = false

    /// Whether results may be coloured: on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    package let colours: Bool

    /// Writes to two descriptors, which stay the caller's.
    package init(
        output: Int32 = STDOUT_FILENO, errors: Int32 = STDERR_FILENO,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.output = output
        self.errors = errors
        outputIsTerminal = isatty(output) == 1
        errorsAreTerminal = isatty(errors) == 1
        colours =
            outputIsTerminal && (environment["NO_COLOR"] ?? "").isEmpty
            && environment["TERM"] != "dumb"
    }

    /// Prints a result.
    ///
    /// - Throws: `OutputError` when standard output cannot be written.
    package func print(_ text: String, terminator: String = "\n") throws(OutputError) {
        pending += text.utf8
        pending += terminator.utf8
        if outputIsTerminal || pending.count >= 1 << 16 { try flush() }
    }

    /// Prints a table.
    package func print(_ table: TextTable) throws(OutputError) {
        try print(table.render(coloured: colours))
    }

    /// Prints a value as JSON: keys sorted, indented, slashes as they are.
    ///
    /// Infinities and NaN, which JSON cannot hold, become the strings "Infinity", "-Infinity", "NaN".
    package func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        try print(String(decoding: encoder.encode(value), as: UTF8.self))
    }

    /// Writes what was printed so far.
    ///
    /// - Throws: `OutputError` when standard output cannot be written.
    package func flush() throws(OutputError) {
        defer { pending.removeAll(keepingCapacity: true) }
        if isClosed || pending.isEmpty { return }
        let failure = writeAll(pending, to: output)
        if failure == 0 { return }
        // Part of the block may have been written: nothing can follow it.
        isClosed = true
        if failure != EPIPE {
            throw OutputError(
                file: "standard output",
                problem:
                    "could not write: \(unsafe String(cString: strerror(failure)).lowercased())")
        }
    }

    /// Prints a message on standard error; a failure to do so cannot be told to anyone.
    ///
    /// - Parameter prefixed: whether the message is one line that starts with "ferry: ".
    package func note(_ text: String, prefixed: Bool = true) {
        let line = prefixed ? "ferry: \(oneLine(text))\n" : text
        _ = writeAll(Array(line.utf8), to: errors)
    }

    /// Prints an error, as one line where it is one, and gives its exit status.
    package func report(_ error: any Error) -> ExitStatus {
        for line in (error as? any SeveralLines)?.lines ?? ["\(error)"] { note(line) }
        return ExitStatus(of: error)
    }

    /// Tries `body` on every input, reports each error, and returns the worst status.
    package func forEach<Input>(
        _ inputs: [Input], _ body: (Input) throws -> ExitStatus
    ) -> ExitStatus {
        var worst = ExitStatus.done
        for input in inputs {
            do {
                worst = max(worst, try body(input))
            } catch {
                worst = max(worst, report(error))
            }
        }
        return worst
    }

    /// A line on standard error about what is being done, silent unless that is a terminal.
    package func activity(_ label: String) -> Activity {
        Activity(label: oneLine(label), terminal: errorsAreTerminal ? errors : nil)
    }

    /// A progress line on standard error, silent unless that is a terminal.
    package func progress(_ label: String, hasBar: Bool = false) -> Progress {
        Progress(
            label: oneLine(label), terminal: errorsAreTerminal ? errors : nil, hasBar: hasBar)
    }
}

/// `text` without line breaks and control characters, of any length.
private func oneLine(_ text: String) -> String {
    visible(text.split(whereSeparator: \.isNewline).joined(separator: " "))
}

/// Writes all of `bytes`; returns 0 or the `errno` of the write that failed.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    unsafe bytes.withUnsafeBytes { buffer in
        var written = 0
        while written < buffer.count {
            let count = unsafe write(
                descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 ? EIO : errno }
            written += count
        }
        return 0
    }
}
