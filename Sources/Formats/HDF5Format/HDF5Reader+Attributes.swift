import CHDF5
import FormatInterface
import Tensors

/// Reading attributes.
extension HDF5Reader {
    /// All attributes of an object by name.
    func attributes(
        of object: borrowing HDF5Handle, path: String, count: hsize_t
    ) throws(InputError) -> [String: HDF5Value] {
        guard count <= HDF5Limits.attributesPerObject else {
            throw refusal(
                path, "at most \(HDF5Limits.attributesPerObject) attributes", "\(count)")
        }
        var values: [String: HDF5Value] = [:]
        for index in 0..<count {
            guard
                let attribute = HDF5Handle(
                    unsafe H5Aopen_by_idx(
                        object.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, hid_t(0), hid_t(0)))
            else { throw failure(path) }
            let name = try self.name(of: attribute, path: path)
            let place = path.isEmpty ? "attribute \(name)" : "attribute \(name) of \(path)"
            values[name] = try value(of: attribute, place: place)
        }
        return values
    }

    private func name(
        of attribute: borrowing HDF5Handle, path: String
    ) throws(InputError) -> String {
        let length = H5Aget_name(attribute.id, 0, nil)
        guard (0...0xFFFF).contains(length) else { throw failure(path) }
        var name = [CChar](repeating: 0, count: length + 1)
        guard unsafe H5Aget_name(attribute.id, name.count, &name) >= 0 else { throw failure(path) }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal(path, "attribute names in UTF-8", "another name")
        }
        return text
    }

    private func value(
        of attribute: borrowing HDF5Handle, place: String
    ) throws(InputError) -> HDF5Value {
        guard let type = HDF5Handle(H5Aget_type(attribute.id)),
            let space = HDF5Handle(H5Aget_space(attribute.id))
        else { throw failure(place) }
        let spaceClass = H5Sget_simple_extent_type(space.id)
        if spaceClass == H5S_NULL { return .other("nothing") }
        let isScalar = spaceClass == H5S_SCALAR
        let points = H5Sget_simple_extent_npoints(space.id)
        let rank = H5Sget_simple_extent_ndims(space.id)
        guard points >= 0, rank >= 0 else { throw failure(place) }
        guard rank <= 1 else { return .other("an array of \(rank) axes") }
        let size = H5Tget_size(type.id)
        let (bytes, overflow) = Int(points).multipliedReportingOverflow(by: max(size, 8))
        guard size > 0, !overflow, bytes <= HDF5Limits.attributeBytes else {
            throw refusal(
                place, "at most \(HDF5Limits.attributeBytes) bytes", "\(points) × \(size)")
        }
        switch H5Tget_class(type.id) {
        case H5T_STRING:
            let strings =
                H5Tis_variable_str(type.id) > 0
                ? try variableStrings(attribute, type, space, count: Int(points), place)
                : try fixedStrings(attribute, type, count: Int(points), size: size, place)
            return isScalar ? .string(strings.first ?? "") : .strings(strings)
        case H5T_INTEGER, H5T_FLOAT:
            return .numbers(try numbers(attribute, count: Int(points), place))
        default: return .other(type.summary)
        }
    }

    private func numbers(
        _ attribute: borrowing HDF5Handle, count: Int, _ place: String
    ) throws(InputError) -> [Double] {
        if count == 0 { return [] }
        var numbers = [Double](repeating: 0, count: count)
        guard unsafe H5Aread(attribute.id, ferry_H5T_NATIVE_DOUBLE(), &numbers) >= 0 else {
            throw failure(place)
        }
        return numbers
    }

    private func fixedStrings(
        _ attribute: borrowing HDF5Handle, _ type: borrowing HDF5Handle, count: Int, size: Int,
        _ place: String
    ) throws(InputError) -> [String] {
        if count == 0 { return [] }
        var bytes = [UInt8](repeating: 0, count: count * size)
        guard unsafe H5Aread(attribute.id, type.id, &bytes) >= 0 else { throw failure(place) }
        let isPaddedWithSpaces = H5Tget_strpad(type.id) == H5T_STR_SPACEPAD
        var strings: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            var text = bytes[start..<start + size].prefix { $0 != 0 }
            while isPaddedWithSpaces, text.last == UInt8(ascii: " ") { text.removeLast() }
            strings.append(try string(text, place))
        }
        return strings
    }

    private func variableStrings(
        _ attribute: borrowing HDF5Handle, _ type: borrowing HDF5Handle,
        _ space: borrowing HDF5Handle, count: Int, _ place: String
    ) throws(InputError) -> [String] {
        if count == 0 { return [] }
        var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        guard unsafe H5Aread(attribute.id, type.id, &pointers) >= 0 else { throw failure(place) }
        defer { unsafe H5Dvlen_reclaim(type.id, space.id, hid_t(0), &pointers) }
        var strings: [String] = []
        for index in 0..<count {
            guard let pointer = unsafe pointers[index] else {
                strings.append("")
                continue
            }
            guard let text = unsafe String(validatingCString: pointer) else {
                throw refusal(place, "text in UTF-8", "other bytes")
            }
            strings.append(text)
        }
        return strings
    }

    private func string(
        _ bytes: ArraySlice<UInt8>, _ place: String
    ) throws(InputError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal(place, "text in UTF-8", "other bytes")
        }
        return text
    }
}
