package import FormatInterface
package import Tensors

/// NumPy's array files.
///
/// A file is the magic number `\x93NUMPY`, a version (1, 2 or 3), the header's length in two bytes
/// (version 1) or four, the header (a Python dictionary as text), and the elements. Source: NEP 1 and
/// the documentation of `numpy.lib.format`.
package enum NPY {
    static let name = "npy"
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// What version 1 can state at most; honest headers take less than 1 KiB.
    static let headerLimit = 0xFFFF

    /// Whether a file begins as an array file does.
    package static func recognizes(_ file: InputFile) -> Bool {
        file.bytes(at: 0, count: magic.count) == magic
    }

    /// Reads an array file.
    ///
    /// Little-endian arrays in C order share the file's mapping; big-endian ones are swapped and
    /// Fortran-ordered ones transposed, so the tensor always has the shape the file declares.
    ///
    /// - Throws: `InputError` when the file is damaged or its elements are no plain numbers.
    package static func read(_ path: String) throws(InputError) -> Tensor {
        try read(InputFile(path: path))
    }

    /// Reads an opened array file.
    package static func read(_ file: InputFile) throws(InputError) -> Tensor {
        try read(
            NPYSource(contents: ByteRegion(file.storage), file: file.path, format: name))
    }

    /// Reads an array from a file or a part of one.
    static func read(_ source: NPYSource) throws(InputError) -> Tensor {
        let (header, start) = try readHeader(source)
        guard let size = Tensor.byteCount(of: header.shape, header.elementType) else {
            throw source.error(
                "shape", expected: "a shape whose bytes can be counted", found: "\(header.shape)")
        }
        guard source.contents.count - start == size else {
            throw source.error(
                "byte \(start)",
                expected:
                    "\(size) bytes of \(header.elementType) elements of shape \(header.shape)",
                found: "\(source.contents.count - start)")
        }
        let stored = header.isFortranOrdered ? header.shape.reversed() : header.shape
        let elements = Tensor(
            elementType: header.elementType, shape: stored, storage: source.contents.storage,
            byteOffset: source.contents.range.lowerBound + start)
        let native = header.isBigEndian ? elements.byteSwapped() : elements
        return header.isFortranOrdered
            ? native.permuted((0..<stored.count).reversed()) : native
    }

    /// The header, and the offset of the first element.
    private static func readHeader(
        _ source: NPYSource
    ) throws(InputError) -> (header: NPYHeader, start: Int) {
        let prefix = source.contents.copy(count: 12)
        guard prefix.starts(with: magic) else {
            throw source.error(
                "byte 0", expected: "the magic \\x93NUMPY",
                found: prefix.isEmpty ? "an empty file" : "other bytes")
        }
        guard prefix.count >= 10 else { throw cut(source, at: prefix.count) }
        let version = Int(prefix[6])
        guard (1...3).contains(version), prefix[7] == 0 else {
            throw source.error(
                "byte 6", expected: "version 1.0, 2.0 or 3.0", found: "\(version).\(prefix[7])")
        }
        let lengthBytes = version == 1 ? 2 : 4
        let start = 8 + lengthBytes
        guard prefix.count >= start else { throw cut(source, at: prefix.count) }
        let length = prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= headerLimit else {
            throw source.error(
                "byte 8", expected: "a header of at most \(headerLimit) bytes",
                found: "\(length)")
        }
        let text = source.contents.copy(at: start, count: length)
        guard text.count == length else { throw cut(source, at: source.contents.count) }
        var parser = NPYHeaderParser(text: text, source: source, offset: start)
        return (try parser.parse(), start + length)
    }

    private static func cut(_ source: NPYSource, at offset: Int) -> InputError {
        source.error(
            "byte \(offset)", expected: "the header", found: "the end of the file")
    }

    /// Writes a tensor as a version 1 file in C order.
    ///
    /// - Throws: `OutputError` when the file cannot be written, and for bfloat16, for which NumPy has
    ///   no element type.
    package static func write(
        _ tensor: Tensor, to file: borrowing OutputFile
    ) throws(OutputError) {
        guard let header = header(elementType: tensor.elementType, shape: tensor.shape) else {
            throw OutputError(
                file: file.destination,
                problem: "npy: expected elements that NumPy knows, found \(tensor.elementType)")
        }
        try file.write(header)
        try file.write(tensor)
    }

    /// Everything before the elements, padded so that they start at a multiple of 64 bytes; nil for
    /// bfloat16.
    package static func header(elementType: ElementType, shape: [Int]) -> [UInt8]? {
        guard let type = NPYHeader.description(of: elementType) else { return nil }
        let sizes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = Array(
            "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
        let used = magic.count + 4 + text.count + 1
        text += Array(repeating: 0x20, count: (64 - used % 64) % 64) + [0x0A]
        precondition(text.count <= headerLimit, "a shape of \(shape.count) axes")
        return magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }
}

/// The bytes of an array, and how messages call them.
struct NPYSource {
    var contents: ByteRegion
    var file: String
    var format: String
    /// The member of an archive; nil for a file of its own.
    var member: String?

    func error(_ place: String, expected: String, found: String) -> InputError {
        let member = member.map { "member '\($0.prefix(100))', " } ?? ""
        return InputError(
            file: file, format: format, place: member + place, expected: expected, found: found)
    }
}
