import Foundation
package import Tensors

/// A file that belongs to a destination and is written before it: the numbers of a model whose
/// messages cannot hold them.
///
/// It is called `weights.HASH.data`, after the first 8 hexadecimal digits of its content's SHA-256,
/// so that the destination's bytes do not depend on its own name. It never has the name of a file
/// with other content: the destination's rename alone decides between an old pair of files and the
/// new one. Models with the same weights in one folder share it.
package struct CompanionFile: ~Copyable {
    private let descriptor: Int32
    private let destination: String
    private let digest: SHA256

    init(descriptor: Int32, destination: String) throws(OutputError) {
        do {
            digest = try SHA256()
        } catch {
            close(descriptor)
            throw Self.outOfMemory(destination)
        }
        self.descriptor = descriptor
        self.destination = destination
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    package func write(_ bytes: RawSpan) throws(OutputError) {
        try writeAll(bytes, to: descriptor, for: destination)
        digest.update(bytes)
    }

    package func write(_ bytes: [UInt8]) throws(OutputError) {
        try unsafe write(bytes.span.bytes)
    }

    /// Appends a tensor's elements; those that are moved or rounded when read, piece by piece.
    package func write(_ tensor: Tensor) throws(OutputError) {
        if tensor.isStored { return try write(tensor.bytes) }
        try unsafe tensor.eachPieceInOrder { piece throws(OutputError) in
            try unsafe write(RawSpan(_unsafeBytes: piece))
        }
    }

    /// What the content so far is called by.
    func tag() throws(OutputError) -> String {
        do {
            return String(try digest.hexadecimal().prefix(8))
        } catch {
            throw Self.outOfMemory(destination)
        }
    }

    private static func outOfMemory(_ destination: String) -> OutputError {
        OutputError(file: destination, problem: "expected memory for a checksum, found none")
    }

    func synchronize() throws(OutputError) {
        guard fsync(descriptor) == 0 else {
            throw OutputError(
                file: destination, problem: "could not write: \(lastSystemError())")
        }
    }
}
