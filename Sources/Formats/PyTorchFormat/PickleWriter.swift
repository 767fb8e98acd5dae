import Tensors

/// Writes the pickle of a state dict: protocol 2, as `torch.load(weights_only=True)` takes it.
struct PickleWriter {
    private(set) var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]

    /// An OrderedDict of the tensors, each over a storage of its own with its place as key.
    static func stateDict(_ tensors: [(name: String, tensor: Tensor)]) -> [UInt8] {
        var writer = PickleWriter()
        writer.emptyOrderedDictionary()
        if !tensors.isEmpty {
            writer.put(.mark)
            for (key, (name, tensor)) in tensors.enumerated() {
                writer.text(name)
                writer.tensor(tensor, key: "\(key)")
            }
            writer.put(.setItems)
        }
        writer.put(.stop)
        return writer.bytes
    }

    private mutating func tensor(_ tensor: Tensor, key: String) {
        let className = tensor.elementType.storageClass
        global("torch._utils", className == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2")
        put(.mark)
        storage(tensor, className, key)
        integer(0)
        tuple(tensor.shape)
        tuple(strides(of: tensor.shape))
        put(.newFalse)
        emptyOrderedDictionary()
        if className == nil, let name = tensor.elementType.torchName { global("torch", name) }
        put(.tuple)
        put(.reduce)
    }

    /// The persistent id of a storage; those without a class of their own count bytes.
    private mutating func storage(_ tensor: Tensor, _ className: String?, _ key: String) {
        put(.mark)
        text("storage")
        if let className {
            global("torch", className)
        } else {
            global("torch.storage", "UntypedStorage")
        }
        text(key)
        text("cpu")
        integer(className == nil ? tensor.byteCount : tensor.elementCount)
        put(.tuple)
        put(.persistentID)
    }

    private func strides(of shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
            // PyTorch counts an empty axis as one element.
            strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
        }
        return strides
    }

    // MARK: Values

    private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

    private mutating func number(_ value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func global(_ module: String, _ name: String) {
        put(.global)
        bytes += "\(module)\n\(name)\n".utf8
    }

    private mutating func emptyOrderedDictionary() {
        global("collections", "OrderedDict")
        put(.emptyTuple)
        put(.reduce)
    }

    private mutating func text(_ text: String) {
        put(.unicode4)
        number(UInt32(text.utf8.count))
        bytes += text.utf8
    }

    /// A number that is not negative, in the shortest form.
    private mutating func integer(_ value: Int) {
        if let small = UInt8(exactly: value) {
            put(.int1)
            number(small)
        } else if let small = UInt16(exactly: value) {
            put(.int2)
            number(small)
        } else if let small = Int32(exactly: value) {
            put(.int4)
            number(small)
        } else {
            put(.long1)
            bytes.append(8)
            number(Int64(value))
        }
    }

    private mutating func tuple(_ values: [Int]) {
        put(.mark)
        for value in values { integer(value) }
        put(.tuple)
    }
}

extension ElementType {
    /// The class of PyTorch's storages of these elements; nil for types younger than such classes.
    var storageClass: String? {
        switch self {
        case .float32: "FloatStorage"
        case .float64: "DoubleStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .int8: "CharStorage"
        case .int16: "ShortStorage"
        case .int32: "IntStorage"
        case .int64: "LongStorage"
        case .uint8: "ByteStorage"
        case .bool: "BoolStorage"
        default: nil
        }
    }

    /// PyTorch's name of the type; nil where it has none.
    var torchName: String? {
        switch self {
        case .float8e4m3fn: "float8_e4m3fn"
        case .float8e4m3fnuz: "float8_e4m3fnuz"
        case .float8e5m2: "float8_e5m2"
        case .float8e5m2fnuz: "float8_e5m2fnuz"
        case .float8e8m0: "float8_e8m0fnu"
        case .float4e2m1, .int4, .uint4, .int2, .uint2: nil
        default: rawValue
        }
    }
}
