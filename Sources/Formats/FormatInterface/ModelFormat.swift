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

    /// The same, but leaves checksums of what is large to the caller, who has them compared before
    /// anything of the file is relied on.
    static func readUnchecked(_ file: InputFile) throws -> UncheckedCheckpoint

    /// Writes a checkpoint that follows `convention`.
    ///
    /// - Throws: `OutputError` when the file cannot be written, or the checkpoint holds what this
    ///   format cannot.
    static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws
}

extension ModelFormat {
    package static var holdsGraph: Bool { false }

    package static var isWritten: Bool { true }

    package static func readUnchecked(_ file: InputFile) throws -> UncheckedCheckpoint {
        UncheckedCheckpoint(try read(file))
    }
}

/// What a file holds, and the comparison of its checksums that is still to be made.
package struct UncheckedCheckpoint: Sendable {
    package let checkpoint: Checkpoint
    private let comparison: @Sendable () throws -> Void

    /// - Parameter comparison: throws `InputError` for a checksum that differs.
    package init(
        _ checkpoint: Checkpoint, comparison: @escaping @Sendable () throws -> Void = {}
    ) {
        self.checkpoint = checkpoint
        self.comparison = comparison
    }

    /// Compares the checksums, for which it reads all elements.
    package func check() throws { try comparison() }
}
