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
        superblockOffset(of: HDF5Source(file)) != nil
    }

    static func superblockOffset(of file: HDF5Source) -> Int? {
        var offset = 0
        while offset <= file.count - signature.count {
            if file.region.copy(at: offset, count: signature.count) == signature { return offset }
            offset = offset == 0 ? 512 : offset * 2
        }
        return nil
    }

    /// Lists the file's groups, their attributes, and its datasets.
    ///
    /// - Throws: `InputError` when the file is damaged, or holds what leads outside it: soft and
    ///   external links, external and virtual storage, filters other than deflate, shuffle and
    ///   fletcher32, committed types, groups inside themselves.
    package static func contents(of file: HDF5Source) throws(InputError) -> HDF5Contents {
        let seconds = HDF5Limits.seconds(fileSize: file.count)
        return try HDF5Process.ask(file, seconds: seconds) { answers throws(InputError) in
            answers.send(try HDF5Reader(file).contents())
        } receive: { process throws(InputError) in
            try process.next(HDF5Contents.self)
        }
    }

    package static func contents(of file: InputFile) throws(InputError) -> HDF5Contents {
        try contents(of: HDF5Source(file))
    }

    /// The elements of datasets that `contents(of:)` listed.
    ///
    /// Contiguous little-endian elements stay where they lie in the file's mapping; the rest is
    /// read and converted by libhdf5.
    ///
    /// - Throws: `InputError` for element types no tensor has, elements outside the file, and
    ///   elements that expand beyond `HDF5Limits.expandedBytes`.
    package static func tensors(
        _ datasets: [HDF5Dataset], of file: HDF5Source
    ) throws(InputError) -> [Tensor] {
        let converted = datasets.filter { !$0.isMappable }
        var read = try converted.isEmpty ? [] : convertedTensors(converted, of: file)[...]
        return try datasets.map { dataset throws(InputError) in
            dataset.isMappable ? try dataset.mapped(in: file) : read.removeFirst()
        }
    }

    package static func tensors(
        _ datasets: [HDF5Dataset], of file: InputFile
    ) throws(InputError) -> [Tensor] {
        try tensors(datasets, of: HDF5Source(file))
    }

    private static func convertedTensors(
        _ datasets: [HDF5Dataset], of file: HDF5Source
    ) throws(InputError) -> [Tensor] {
        let limit = HDF5Limits.expandedBytes(fileSize: file.count)
        var total = 0
        for dataset in datasets {
            let elementType = try dataset.elementType(in: file)
            let size = Tensor.byteCount(of: dataset.shape, elementType)
            guard let size, size <= limit - total else {
                throw dataset.error(
                    in: file, expected: "elements that a file of \(file.count) bytes can hold",
                    found: "shape \(dataset.shape)")
            }
            total += size
        }
        // Slower than any decompression.
        let seconds = HDF5Limits.seconds(fileSize: file.count) + total / 20_000_000
        let bytes = 3 * min(total, 1 << 40)
        return try HDF5Process.ask(file, seconds: seconds, bytes: bytes) {
            answers throws(InputError) in
            let reader = try HDF5Reader(file)
            for dataset in datasets {
                let tensor = try reader.read(dataset)
                answers.send(true)
                unsafe tensor.withUnsafeBytes { bytes in unsafe answers.send(bytes) }
            }
        } receive: { process throws(InputError) in
            var tensors: [Tensor] = []
            for dataset in datasets {
                guard let tensor = try receive(dataset, from: process, file) else { return nil }
                tensors.append(tensor)
            }
            return tensors
        }
    }

    /// The next tensor that the process has read; nil when there is none.
    private static func receive(
        _ dataset: HDF5Dataset, from process: borrowing HDF5Process, _ file: HDF5Source
    ) throws(InputError) -> Tensor? {
        guard try process.next(Bool.self) != nil else { return nil }
        let elementType = try dataset.elementType(in: file)
        var isComplete = false
        let size = dataset.shape.reduce(elementType.size, *)
        let storage = unsafe ByteStorage(count: size) { buffer in
            isComplete = unsafe process.read(into: buffer)
        }
        guard isComplete else { return nil }
        let tensor = Tensor(elementType: elementType, shape: dataset.shape, storage: storage)
        try dataset.check(tensor, in: file)
        return tensor
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
    func elementType(in file: HDF5Source) throws(InputError) -> ElementType {
        let found: String
        switch elements {
        case .type(let elementType, _): return elementType
        case .opaque16: found = "an opaque 16-bit type (bfloat16?)"
        case .unsupported(let kind): found = kind
        }
        throw InputError(
            file: file.path, format: HDF5File.format, place: "dataset \(path)",
            expected: "integers or floating-point numbers", found: found)
    }

    fileprivate func mapped(in file: HDF5Source) throws(InputError) -> Tensor {
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
            elementType: elementType, shape: shape, storage: file.region.storage,
            byteOffset: file.region.range.lowerBound + offset)
        try check(tensor, in: file)
        return tensor
    }

    /// Checks what an element type does not promise: truth values are 0 or 1.
    func check(_ tensor: Tensor, in file: HDF5Source) throws(InputError) {
        guard tensor.elementType == .bool else { return }
        let isValid = unsafe tensor.withUnsafeBytes { bytes in
            unsafe bytes.allSatisfy { $0 <= 1 }
        }
        if !isValid {
            throw error(in: file, expected: "truth values", found: "other numbers")
        }
    }

    func error(in file: HDF5Source, expected: String, found: String) -> InputError {
        InputError(
            file: file.path, format: HDF5File.format, place: "dataset \(path)",
            expected: expected, found: found)
    }
}
