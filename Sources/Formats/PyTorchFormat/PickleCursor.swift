import FormatInterface
import Tensors

/// Reads a pickle's bytes, and never beyond its region.
struct PickleCursor {
    private let storage: ByteStorage
    private let end: Int
    /// The next byte, counted in the storage.
    private(set) var position: Int
    /// How messages call the pickle: a zip member; empty in a file of its own.
    let name: String

    init(_ region: ByteRegion, name: String) {
        storage = region.storage
        position = region.range.lowerBound
        end = region.range.upperBound
        start = name.isEmpty ? 0 : region.range.lowerBound
        self.name = name
    }

    /// What offsets in messages count from.
    private let start: Int

    /// The place of a byte, for messages.
    func place(_ position: Int) -> String {
        name.isEmpty ? "byte \(position)" : "\(name), byte \(position - start)"
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type
    ) throws(ContentError) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= end - position, let value = storage.integer(at: position, as: Number.self)
        else { throw cut }
        position += size
        return value
    }

    mutating func bytes(_ count: some FixedWidthInteger) throws(ContentError) -> [UInt8] {
        guard let count = Int(exactly: count), count >= 0, count <= end - position else {
            throw ContentError(
                place(position), expected: "a length inside the pickle", found: "\(count)")
        }
        defer { position += count }
        return ByteRegion(storage, position..<position + count).copy()
    }

    /// Text of a length: UTF-8, or for Python 2's strings bytes that may be anything.
    mutating func text(_ count: some FixedWidthInteger) throws(ContentError) -> String {
        String(decoding: try bytes(count), as: UTF8.self)
    }

    /// Text up to a line's end.
    mutating func line() throws(ContentError) -> String {
        let start = position
        var next = position
        // Names and numbers are short.
        while next < min(end, start + 1024), storage.integer(at: next, as: UInt8.self) != 0x0A {
            next += 1
        }
        guard next < min(end, start + 1024) else { throw cut }
        let line = try text(next - start)
        position += 1
        return line
    }

    private var cut: ContentError {
        ContentError(
            place(position), expected: "the rest of a pickle", found: "the end of its bytes")
    }
}
