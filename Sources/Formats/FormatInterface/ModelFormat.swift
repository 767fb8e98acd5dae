package import IR

/// A kind of model file. Formats are literal: they never rename or transpose a tensor.
package protocol ModelFormat: Sendable {
    /// The name in `--to` and in every message.
    static var name: String { get }

    /// Endings that choose this format when writing; empty when only `--to` does.
    static var fileExtensions: [String] { get }

    /// The names and axis orders that files of this format follow.
    static var convention: Convention { get }

    /// Whether files of this format say how their tensors are used.
    static var holdsGraph: Bool { get }

    /// Whether Ferry writes files of this format.
    static var isWritten: Bool { get }

    /// Whether the file's content is of this format, told from a few of its bytes.
    static func recognizes(_ file: InputFile) -> Bool

    /// Reads everything the file holds; tensors share the file's mapping where its layout allows.
    ///
    /// - Throws: `InputError`, naming the place in the file.
    static func read(_ file: InputFile) throws -> Checkpoint

    /// Writes a checkpoint that follows `convention`.
    ///
    /// - Throws: `OutputError` when the file cannot be written, or the checkpoint holds what this
    ///   format cannot.
    static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws
}

extension ModelFormat {
    package static var holdsGraph: Bool { false }

    package static var isWritten: Bool { true }
}
