import Tensors

/// What the header of a NumPy array file declares.
struct NPYHeader: Equatable {
    var elementType: ElementType
    var isBigEndian: Bool
    var isFortranOrdered: Bool
    var shape: [Int]

    /// NumPy's name of an element type, in little-endian order; nil when it has none.
    static func description(of elementType: ElementType) -> String? {
        switch elementType {
        case .bool: "|b1"
        case .int8: "|i1"
        case .uint8: "|u1"
        case .float16, .float32, .float64: "<f\(elementType.size)"
        case .int16, .int32, .int64: "<i\(elementType.size)"
        case .uint16, .uint32, .uint64: "<u\(elementType.size)"
        default: nil
        }
    }

    /// The element type and byte order of NumPy's "<f4"; nil when it is none of ours.
    ///
    /// `=` and no mark at all mean the writer's own order, which is taken to be little-endian.
    static func elementType(of description: String) -> (type: ElementType, isBigEndian: Bool)? {
        var name = description[...]
        let mark = name.first.flatMap { "<>|=".contains($0) ? $0 : nil }
        if mark != nil { name.removeFirst() }
        for type in ElementType.allCases {
            guard let ours = Self.description(of: type), ours.dropFirst() == name else { continue }
            if mark == "|", type.size > 1 { return nil }
            return (type, mark == ">")
        }
        return nil
    }
}
