import CHDF5
package import FormatInterface
package import Tensors

/// Reading HDF5 files: what one holds, and its tensors.
///
/// Values go in and out, never identifiers of the library, so that libhdf5 can move into another
/// process without a caller noticing.
package enum HDF5File {
    /// What every message about the container calls it.
    static let format = "hdf5"
    static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Whether the file has HDF5's signature: at 0, or behind a user block of 512·2ⁿ bytes.
    package static func isHDF5(_ file: InputFile) -> Bool {
        superblockOffset(of: file) != nil
    }

    static func superblockOffset(of file: InputFile) -> Int? {
        var offset = 0
        while offset <= file.count - signature.count {
            if file.bytes(at: offset, count: signature.count) == signature { return offset }
            offset = offset == 0 ? 512 : offset * 2
        }
        return nil
    }

    /// Lists the file's groups, their attributes, and its datasets.
    ///
    /// - Throws: `InputError` when the file is damaged, or holds what leads outside it: soft and
    ///   external links, external and virtual storage, filters other than deflate, shuffle and
    ///   fletcher32, committed types, groups inside themselves.
    package static func contents(of file: InputFile) throws(InputError) -> HDF5Contents {
        try HDF5Library.locked { () throws(InputError) in
            let reader = try HDF5Reader(file)
            return try reader.contents()
        }
    }

    /// Whether the root group has an attribute or a link of one of these names; false when damaged.
    static func hasRootEntry(_ file: InputFile, attributes: [String], links: [String]) -> Bool {
        HDF5Library.locked {
            guard let reader = try? HDF5Reader(file) else { return false }
            return reader.hasRootEntry(attributes: attributes, links: links)
        }
    }

    /// The elements of datasets that `contents(of:)` listed.
    ///
    /// Contiguous little-endian elements stay where they lie in the file's mapping; the rest is
    /// read and converted by libhdf5.
    ///
    /// - Throws: `InputError` for element types no tensor has, elements outside the file, and
    ///   elements that expand beyond `HDF5Limits.expandedBytes`.
    package static func tensors(
        _ datasets: [HDF5Dataset], of file: InputFile
    ) throws(InputError) -> [Tensor] {
        let needsLibrary = datasets.contains { !$0.isMappable }
        guard needsLibrary else {
            return try datasets.map { dataset throws(InputError) in try dataset.mapped(in: file) }
        }
        return try HDF5Library.locked { () throws(InputError) in
            let reader = try HDF5Reader(file)
            var budget = HDF5Limits.expandedBytes(fileSize: file.count)
            return try datasets.map { dataset throws(InputError) in
                dataset.isMappable
                    ? try dataset.mapped(in: file)
                    : try reader.read(dataset, budget: &budget)
            }
        }
    }
}

extension HDF5Dataset {
    /// Whether the elements can be used from the file's mapping.
    fileprivate var isMappable: Bool {
        if case .contiguous = storage, case .type(_, isBigEndian: false) = elements { return true }
        return shape.contains(0)
    }

    /// The element type, when a tensor can have it.
    ///
    /// - Throws: `InputError` when not.
    func elementType(in file: InputFile) throws(InputError) -> ElementType {
        switch elements {
        case .type(let elementType, _): return elementType
        case .unsupported(let found):
            throw InputError(
                file: file.path, format: HDF5File.format, place: "dataset \(path)",
                expected: "integers or floating-point numbers", found: found)
        }
    }

    fileprivate func mapped(in file: InputFile) throws(InputError) -> Tensor {
        let elementType = try elementType(in: file)
        guard let size = Tensor.byteCount(of: shape, elementType) else {
            throw error(in: file, expected: "a shape that memory can hold", found: "\(shape)")
        }
        if size == 0 {
            return Tensor(elementType: elementType, shape: shape, storage: ByteStorage([]))
        }
        guard case .contiguous(let offset) = storage, offset >= 0, offset <= file.count,
            size <= file.count - offset
        else {
            throw error(
                in: file, expected: "\(size) bytes of elements",
                found: "a file that ends before them")
        }
        let tensor = Tensor(
            elementType: elementType, shape: shape, storage: file.storage, byteOffset: offset)
        try check(tensor, in: file)
        return tensor
    }

    /// Checks what an element type does not promise: truth values are 0 or 1.
    func check(_ tensor: Tensor, in file: InputFile) throws(InputError) {
        guard tensor.elementType == .bool else { return }
        let isValid = unsafe tensor.withUnsafeBytes { bytes in
            unsafe bytes.allSatisfy { $0 <= 1 }
        }
        if !isValid {
            throw error(in: file, expected: "truth values", found: "other numbers")
        }
    }

    func error(in file: InputFile, expected: String, found: String) -> InputError {
        InputError(
            file: file.path, format: HDF5File.format, place: "dataset \(path)",
            expected: expected, found: found)
    }
}
