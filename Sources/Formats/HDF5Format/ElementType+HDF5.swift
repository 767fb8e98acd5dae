import CHDF5
import Tensors

extension ElementType {
    /// The little-endian HDF5 type with this meaning; nil for those HDF5 does not have, such as
    /// bfloat16.
    ///
    /// float16 and bool are h5py's: IEEE 754 binary16, and an enumeration of FALSE and TRUE.
    func makeHDF5Type() -> HDF5Handle? {
        switch self {
        case .float32: HDF5Handle(H5Tcopy(ferry_H5T_IEEE_F32LE()))
        case .float64: HDF5Handle(H5Tcopy(ferry_H5T_IEEE_F64LE()))
        case .float16: Self.makeHalf()
        case .int8: HDF5Handle(H5Tcopy(ferry_H5T_STD_I8LE()))
        case .int16: HDF5Handle(H5Tcopy(ferry_H5T_STD_I16LE()))
        case .int32: HDF5Handle(H5Tcopy(ferry_H5T_STD_I32LE()))
        case .int64: HDF5Handle(H5Tcopy(ferry_H5T_STD_I64LE()))
        case .uint8: HDF5Handle(H5Tcopy(ferry_H5T_STD_U8LE()))
        case .uint16: HDF5Handle(H5Tcopy(ferry_H5T_STD_U16LE()))
        case .uint32: HDF5Handle(H5Tcopy(ferry_H5T_STD_U32LE()))
        case .uint64: HDF5Handle(H5Tcopy(ferry_H5T_STD_U64LE()))
        case .bool: Self.makeBool()
        default: nil
        }
    }

    private static func makeHalf() -> HDF5Handle? {
        guard let type = HDF5Handle(H5Tcopy(ferry_H5T_IEEE_F32LE())),
            H5Tset_fields(type.id, 15, 10, 5, 0, 10) >= 0,
            H5Tset_size(type.id, 2) >= 0,
            H5Tset_ebias(type.id, 15) >= 0
        else { return nil }
        return type
    }

    private static func makeBool() -> HDF5Handle? {
        guard let type = HDF5Handle(H5Tenum_create(ferry_H5T_STD_I8LE())) else { return nil }
        for (name, value) in [("FALSE", Int8(0)), ("TRUE", Int8(1))] {
            var value = value
            guard unsafe H5Tenum_insert(type.id, name, &value) >= 0 else { return nil }
        }
        return type
    }
}

extension HDF5Dataset.Elements {
    /// What a dataset's type means.
    init(type: borrowing HDF5Handle) {
        for elementType in ElementType.allCases {
            guard let known = elementType.makeHDF5Type() else { continue }
            if H5Tequal(known.id, type.id) > 0 {
                self = .type(elementType, isBigEndian: false)
                return
            }
            if H5Tset_order(known.id, H5T_ORDER_BE) >= 0, H5Tequal(known.id, type.id) > 0 {
                self = .type(elementType, isBigEndian: true)
                return
            }
        }
        let isOpaque16 = H5Tget_class(type.id) == H5T_OPAQUE && H5Tget_size(type.id) == 2
        self = isOpaque16 ? .opaque16 : .unsupported(type.summary)
    }
}

extension HDF5Handle {
    /// A type that Ferry does not read, in words.
    var summary: String {
        let bits = H5Tget_size(id).multipliedReportingOverflow(by: 8).partialValue
        return switch H5Tget_class(id) {
        case H5T_FLOAT: "an unusual \(bits)-bit floating-point type"
        case H5T_INTEGER: "an unusual \(bits)-bit integer type"
        case H5T_TIME: "a time type"
        case H5T_STRING: "a string type"
        case H5T_BITFIELD: "a bit field type"
        case H5T_OPAQUE: "an opaque \(bits)-bit type"
        case H5T_COMPOUND: "a compound type"
        case H5T_REFERENCE: "a reference type"
        case H5T_ENUM: "an enumeration type"
        case H5T_VLEN: "a variable-length type"
        case H5T_ARRAY: "an array type"
        default: "an unknown type"
        }
    }
}
