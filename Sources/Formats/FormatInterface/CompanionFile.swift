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
    private var digest = SHA256()

    init(descriptor: Int32, destination: String) {
        self.descriptor = descriptor
        self.destination = destination
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    package mutating func write(_ bytes: RawSpan) throws(OutputError) {
        try writeAll(bytes, to: descriptor, for: destination)
        digest.update(bytes)
    }

    package mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        try unsafe write(bytes.span.bytes)
    }

    /// Appends a tensor's elements; those that are moved or rounded when read, piece by piece.
    package mutating func write(_ tensor: Tensor) throws(OutputError) {
        if tensor.isStored { return try write(tensor.bytes) }
        var failure: OutputError?
        var digest = digest
        let descriptor = descriptor
        let destination = destination
        do throws(OutputError) {
            try unsafe tensor.eachPieceInOrder { piece throws(OutputError) in
                let bytes = unsafe RawSpan(_unsafeBytes: piece)
                try writeAll(bytes, to: descriptor, for: destination)
                digest.update(bytes)
            }
        } catch {
            failure = error
        }
        self.digest = digest
        if let failure { throw failure }
    }

    /// What the content so far is called by.
    var tag: String { String(digest.hexadecimal().prefix(8)) }

    func synchronize() throws(OutputError) {
        guard fsync(descriptor) == 0 else {
            throw OutputError(
                file: destination, problem: "could not write: \(lastSystemError())")
        }
    }
}
