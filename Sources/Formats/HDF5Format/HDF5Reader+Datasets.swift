import CHDF5
import FormatInterface
import Tensors

/// Describing datasets, and reading those that only the library can.
extension HDF5Reader {
    func describe(
        _ dataset: borrowing HDF5Handle, path: String
    ) throws(InputError) -> HDF5Dataset {
        guard let creation = HDF5Handle(H5Dget_create_plist(dataset.id)),
            let type = HDF5Handle(H5Dget_type(dataset.id)),
            let space = HDF5Handle(H5Dget_space(dataset.id))
        else { throw failure(path) }
        try checkStaysInside(creation, path: path)
        if H5Tcommitted(type.id) != 0 {
            throw refusal(path, "a type of its own", "a committed datatype")
        }
        let shape = try self.shape(of: space, path: path)
        let elements = shape == nil ? .unsupported("no elements") : HDF5Dataset.Elements(type: type)
        var result = HDF5Dataset(
            path: path, elements: elements, shape: shape ?? [], storage: .library)
        if H5Pget_layout(creation.id) == H5D_CONTIGUOUS, let elementType = elements.stored,
            let size = Tensor.byteCount(of: result.shape, elementType), size > 0,
            H5Dget_storage_size(dataset.id) == size
        {
            let offset = H5Dget_offset(dataset.id)
            if offset != ferry_HADDR_UNDEF(), let offset = Int(exactly: offset) {
                result.storage = .contiguous(offset: offset)
            }
        }
        return result
    }

    /// Refuses storage in other files, and filters that need plug-ins or hold old code.
    private func checkStaysInside(
        _ creation: borrowing HDF5Handle, path: String
    ) throws(InputError) {
        let layout = H5Pget_layout(creation.id)
        guard [H5D_COMPACT, H5D_CONTIGUOUS, H5D_CHUNKED].contains(layout) else {
            throw refusal(
                path, "elements in this file",
                layout == H5D_VIRTUAL ? "a virtual dataset" : "an unknown layout")
        }
        guard H5Pget_external_count(creation.id) == 0 else {
            throw refusal(path, "elements in this file", "elements in external files")
        }
        let filters = H5Pget_nfilters(creation.id)
        guard filters >= 0 else { throw failure(path) }
        for index in 0..<UInt32(filters) {
            var flags: UInt32 = 0
            var parameters = 0
            let filter = unsafe H5Pget_filter2(
                creation.id, index, &flags, &parameters, nil, 0, nil, nil)
            guard [H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32].contains(filter)
            else {
                throw refusal(path, "deflate, shuffle or fletcher32", "filter \(filter)")
            }
        }
    }

    /// The sizes of the axes; nil for a dataspace without elements.
    private func shape(
        of space: borrowing HDF5Handle, path: String
    ) throws(InputError) -> [Int]? {
        switch H5Sget_simple_extent_type(space.id) {
        case H5S_SCALAR: return []
        case H5S_NULL: return nil
        case H5S_SIMPLE: break
        default: throw failure(path)
        }
        let rank = Int(H5Sget_simple_extent_ndims(space.id))
        guard (0...HDF5Limits.rank).contains(rank) else { throw failure(path) }
        var sizes = [hsize_t](repeating: 0, count: rank)
        guard unsafe H5Sget_simple_extent_dims(space.id, &sizes, nil) == rank else {
            throw failure(path)
        }
        let shape = sizes.compactMap { Int(exactly: $0) }
        guard shape.count == rank, Tensor.byteCount(of: shape, .float64) != nil else {
            throw refusal(path, "a shape that memory can hold", "\(sizes)")
        }
        return shape
    }

    /// Reads and converts a dataset's elements, whose size has been checked.
    func read(_ dataset: HDF5Dataset) throws(InputError) -> Tensor {
        let elementType = try dataset.elementType(in: input)
        guard let size = Tensor.byteCount(of: dataset.shape, elementType) else {
            throw failure(dataset.path)
        }
        let handle = try openDataset(dataset.path)
        // The file may not be the one that was described: compare before the library fills memory.
        let found = try describe(handle, path: dataset.path)
        guard [found, found.ofKeras].contains(dataset),
            let type = elementType.makeHDF5Type() ?? HDF5Handle(H5Dget_type(handle.id))
        else { throw failure(dataset.path) }
        try checkChunks(of: handle, dataset, elementType)
        var status: herr_t = -1
        let storage = unsafe ByteStorage(count: size) { buffer in
            unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
            status = unsafe H5Dread(
                handle.id, type.id, hid_t(0), hid_t(0), hid_t(0), buffer.baseAddress)
        }
        guard status >= 0 else { throw failure(dataset.path) }
        return Tensor(elementType: elementType, shape: dataset.shape, storage: storage)
    }

    /// Refuses chunks far larger than the dataset, which the library would allocate whole, and so
    /// many that listing them costs more than the elements.
    private func checkChunks(
        of handle: borrowing HDF5Handle, _ dataset: HDF5Dataset, _ elementType: ElementType
    ) throws(InputError) {
        guard let creation = HDF5Handle(H5Dget_create_plist(handle.id)) else {
            throw failure(dataset.path)
        }
        guard H5Pget_layout(creation.id) == H5D_CHUNKED else { return }
        let rank = dataset.shape.count
        var sizes = [hsize_t](repeating: 0, count: max(rank, 1))
        guard unsafe H5Pget_chunk(creation.id, Int32(rank), &sizes) == rank else {
            throw failure(dataset.path)
        }
        let chunk = sizes.prefix(rank).compactMap { Int(exactly: $0) }
        let limit = HDF5Limits.expandedBytes(fileSize: input.count)
        guard chunk.count == rank, !chunk.contains(0),
            let size = Tensor.byteCount(of: chunk, elementType), size <= limit
        else {
            throw dataset.error(
                in: input, expected: "chunks that memory can hold", found: "\(sizes)")
        }
        let counts = zip(dataset.shape, chunk).map { ($0 - 1) / $1 + 1 }
        // Every stored chunk takes bytes; absent ones are still visited one by one.
        guard let count = Tensor.elementCount(of: counts), count <= max(input.count, 1 << 16) else {
            throw dataset.error(
                in: input, expected: "chunks that the file can hold", found: "\(counts) of them")
        }
    }
}
