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
        let (header, start) = try readHeader(file)
        guard let size = Tensor.byteCount(of: header.shape, header.elementType) else {
            throw InputError(
                file: file.path, format: name, place: "shape",
                expected: "a shape whose bytes can be counted", found: "\(header.shape)")
        }
        guard file.count - start == size else {
            throw InputError(
                file: file.path, format: name, place: "byte \(start)",
                expected:
                    "\(size) bytes of \(header.elementType) elements of shape \(header.shape)",
                found: "\(file.count - start)")
        }
        let stored = header.isFortranOrdered ? header.shape.reversed() : header.shape
        let elements = Tensor(
            elementType: header.elementType, shape: stored, storage: file.storage,
            byteOffset: start)
        let native = header.isBigEndian ? elements.byteSwapped() : elements
        return header.isFortranOrdered
            ? native.permuted((0..<stored.count).reversed()) : native
    }

    /// The header, and the offset of the first element.
    private static func readHeader(
        _ file: InputFile
    ) throws(InputError) -> (header: NPYHeader, start: Int) {
        let prefix = file.bytes(at: 0, count: 12)
        guard prefix.starts(with: magic) else {
            throw InputError(
                file: file.path, format: name, place: "byte 0", expected: "the magic \\x93NUMPY",
                found: file.count == 0 ? "an empty file" : "other bytes")
        }
        guard prefix.count >= 10 else { throw cut(file, at: prefix.count) }
        let version = Int(prefix[6])
        guard (1...3).contains(version), prefix[7] == 0 else {
            throw InputError(
                file: file.path, format: name, place: "byte 6",
                expected: "version 1.0, 2.0 or 3.0", found: "\(version).\(prefix[7])")
        }
        let lengthBytes = version == 1 ? 2 : 4
        let start = 8 + lengthBytes
        guard prefix.count >= start else { throw cut(file, at: prefix.count) }
        let length = prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= headerLimit else {
            throw InputError(
                file: file.path, format: name, place: "byte 8",
                expected: "a header of at most \(headerLimit) bytes", found: "\(length)")
        }
        let text = file.bytes(at: start, count: length)
        guard text.count == length else { throw cut(file, at: file.count) }
        var parser = NPYHeaderParser(text: text, file: file.path, offset: start)
        return (try parser.parse(), start + length)
    }

    private static func cut(_ file: InputFile, at offset: Int) -> InputError {
        InputError(
            file: file.path, format: name, place: "byte \(offset)", expected: "the header",
            found: "the end of the file")
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
        try file.write(tensor.bytes)
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

extension Tensor {
    /// The same elements with the bytes of each in reverse order.
    fileprivate func byteSwapped() -> Tensor {
        switch elementType.size {
        case 2: swapped(UInt16.self)
        case 4: swapped(UInt32.self)
        case 8: swapped(UInt64.self)
        default: self
        }
    }

    private func swapped<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> Tensor {
        unsafe Tensor(elementType, shape: shape) { (out: UnsafeMutableBufferPointer<Word>) in
            unsafe withUnsafeBytes { source in
                for index in out.indices {
                    let word = unsafe source.loadUnaligned(
                        fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                    unsafe out[index] = word.byteSwapped
                }
            }
        }
    }
}
