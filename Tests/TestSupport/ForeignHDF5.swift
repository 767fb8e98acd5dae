package import CHDF5

/// What Ferry refuses to read, made through libhdf5 itself.
package enum Foreign: String, CaseIterable, Sendable {
    case softLink, danglingLink, externalLink, externalStorage, virtualDataset, committedType
    case groupInItself, groupTwice, deepGroups, compound, opaque, enumeration, string, reference
    case bitField, time, variableLength, array, nothing, unknownFilter, fillValueBomb, manyChunks

    package static var int32: hid_t { ferry_H5T_STD_I32LE() }
    package static var float64: hid_t { ferry_H5T_IEEE_F64LE() }

    /// The defect in words: "soft link".
    package var defect: String {
        rawValue.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : "\($1)" }
    }

    /// What the message must say.
    package var words: String {
        switch self {
        case .softLink, .danglingLink: "a soft link"
        case .externalLink: "a link to another file"
        case .externalStorage: "elements in external files"
        case .virtualDataset: "a virtual dataset"
        case .committedType: "a committed datatype"
        case .groupInItself, .groupTwice: "a second link to a group"
        case .deepGroups: "groups at most 64 deep"
        case .compound: "a compound type"
        case .opaque: "an opaque 16-bit type"
        case .enumeration: "an enumeration type"
        case .string: "a string type"
        case .reference: "a reference type"
        case .bitField: "a bit field type"
        case .time: "a time type"
        case .variableLength: "a variable-length type"
        case .array: "an array type"
        case .nothing: "no elements"
        case .unknownFilter: "filter 32000"
        case .fillValueBomb: "elements that a file of"
        case .manyChunks: "chunks that the file can hold"
        }
    }

    /// Adds it to a file or a group, under a name that is free.
    package func fill(_ file: hid_t, as name: String = "a") {
        let float = ferry_H5T_IEEE_F32LE()
        switch self {
        case .softLink:
            makeDataset(name, in: file)
            unsafe _ = H5Lcreate_soft(name, file, name + "0", 0, 0)
        case .danglingLink: unsafe _ = H5Lcreate_soft(name, file, name, 0, 0)
        case .externalLink: unsafe _ = H5Lcreate_external("/etc/passwd", "/", file, name, 0, 0)
        case .committedType:
            unsafe _ = H5Tcommit2(file, name, H5Tcopy(float), 0, 0, 0)
        case .groupInItself, .groupTwice, .deepGroups: fillGroups(file, name)
        case .externalStorage, .virtualDataset, .unknownFilter, .fillValueBomb, .manyChunks:
            fillStorage(file, name)
        case .nothing:
            unsafe _ = H5Dcreate2(file, name, float, H5Screate(H5S_NULL), 0, 0, 0)
        default: makeDataset(name, in: file, type: type)
        }
    }

    private var type: hid_t {
        let float = ferry_H5T_IEEE_F32LE()
        switch self {
        case .compound:
            let type = H5Tcreate(H5T_COMPOUND, 8)
            unsafe _ = H5Tinsert(type, "r", 0, float)
            return type
        case .opaque: return H5Tcreate(H5T_OPAQUE, 2)
        case .enumeration:
            let type = H5Tenum_create(ferry_H5T_STD_I8LE())
            unsafe _ = H5Tenum_insert(type, "ONE", [Int8(1)])
            return type
        case .string: return H5Tcopy(ferry_H5T_C_S1())
        case .variableLength: return H5Tvlen_create(float)
        case .array: return unsafe H5Tarray_create2(float, 1, [2])
        case .reference: return ferry_H5T_STD_REF_OBJ()
        case .bitField: return ferry_H5T_STD_B8LE()
        default: return ferry_H5T_UNIX_D32LE()
        }
    }

    private func fillGroups(_ file: hid_t, _ name: String) {
        var group = unsafe H5Gcreate2(file, name, 0, 0, 0)
        if self == .groupTwice { unsafe _ = H5Lcreate_hard(file, name, file, name + "0", 0, 0) }
        if self == .groupInItself { unsafe _ = H5Lcreate_hard(file, name, group, name, 0, 0) }
        for _ in 0..<(self == .deepGroups ? 70 : 0) {
            group = unsafe H5Gcreate2(group, name, 0, 0, 0)
        }
    }

    private func fillStorage(_ file: hid_t, _ name: String) {
        let creation = H5Pcreate(ferry_H5P_DATASET_CREATE())
        var shape: [hsize_t] = [2]
        switch self {
        case .externalStorage: unsafe _ = H5Pset_external(creation, "/etc/passwd", 0, 8)
        case .virtualDataset:
            let space = unsafe H5Screate_simple(1, [2], nil)
            unsafe _ = H5Pset_virtual(creation, space, "other.h5", "a", space)
        case .unknownFilter:
            unsafe _ = H5Pset_chunk(creation, 1, [2])
            H5Pset_filter(creation, 32000, UInt32(H5Z_FLAG_OPTIONAL), 0, nil)
        case .fillValueBomb:
            shape = [1 << 20, 1 << 20]
            unsafe _ = H5Pset_chunk(creation, 2, [1 << 10, 1 << 10])
        default:
            shape = [1 << 20]
            unsafe _ = H5Pset_chunk(creation, 1, [1])
        }
        makeDataset(name, in: file, shape: shape, creation: creation)
    }
}

/// Makes a dataset of `type` holding `bytes`, and returns it.
@discardableResult
package func makeDataset(
    _ name: String, in file: hid_t, type: hid_t = ferry_H5T_IEEE_F32LE(),
    shape: [hsize_t] = [2], creation: hid_t = 0, bytes: [UInt8]? = nil
) -> hid_t {
    let space = unsafe H5Screate_simple(Int32(shape.count), shape, nil)
    let dataset = unsafe H5Dcreate2(file, name, type, space, 0, creation, 0)
    if let bytes { unsafe _ = H5Dwrite(dataset, type, 0, 0, 0, bytes) }
    H5Sclose(space)
    return dataset
}
