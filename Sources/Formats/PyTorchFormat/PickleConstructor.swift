import Tensors

/// A name of Python's that a state dict may refer to, and what calling it means here. There are no
/// others: nothing of Python is ever run.
enum PickleConstructor {
    /// Which of PyTorch's functions rebuilds a tensor: their arguments differ.
    enum TensorRebuilding {
        /// Of 2017: (storage, offset, size, stride).
        case plain
        /// (storage, offset, size, stride, requires_grad, hooks[, metadata]).
        case second
        /// The same with an element type before the metadata.
        case third
    }

    /// A dictionary, of whatever class.
    case dictionary
    /// A class of storages; it is never called.
    case storage(StorageType)
    /// An element type; it is never called.
    case elementType(StorageType)
    case tensor(TensorRebuilding)
    /// A tensor, with arguments behind it that mean nothing here.
    case parameter
    /// `_rebuild_from_type_v2`: another function and its arguments, a class and a state.
    case fromType
    /// torch.Size: the tuple it is given.
    case size
    /// A class that others name as an argument; it is never called.
    case tensorClass
    /// A tensor that Ferry does not read, in words.
    case unreadableTensor(String)
    /// Something that is no weight, in words.
    case inert(String)

    var words: String {
        switch self {
        case .dictionary: "of a dictionary"
        case .storage(let type), .elementType(let type): type.name
        case .tensor, .parameter, .fromType, .tensorClass: "of a tensor"
        case .size: "of a size"
        case .unreadableTensor(let words), .inert(let words): "of \(words)"
        }
    }

    /// The constructor called `name` in Python's `module`; nil for all that is not known.
    static func find(_ module: String, _ name: String) -> PickleConstructor? {
        switch module {
        case "torch", "torch.storage", "torch.cuda": torch[name]
        case "torch._utils", "torch._tensor", "torch.serialization": rebuilding[name]
        case "torch.nn.parameter" where name == "Parameter" || name == "Buffer": .tensorClass
        case "collections" where dictionaries.contains(name): .dictionary
        case "builtins", "__builtin__": builtins[name]
        case "_codecs" where name == "encode": .inert("bytes")
        case "argparse" where name == "Namespace": .inert("arguments")
        case "numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.dtypes":
            numpy[name]
        default: settings[module]?[name].map { .inert($0) }
        }
    }

    private static let dictionaries = ["OrderedDict", "defaultdict", "Counter"]

    private static let builtins: [String: PickleConstructor] = [
        "dict": .dictionary, "set": .inert("a set"), "frozenset": .inert("a set"),
        "bytearray": .inert("bytes"), "complex": .inert("a complex number"),
        "list": .inert("a list"), "int": .inert("a whole number"), "float": .inert("a number"),
        "slice": .inert("a slice"),
    ]

    /// What training loops keep beside weights, none of which is looked into.
    private static let settings: [String: [String: String]] = {
        let times = ["datetime", "date", "time", "timedelta", "timezone"]
        let paths = ["Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"]
        let allPaths = Dictionary(uniqueKeysWithValues: paths.map { ($0, "a path") })
        return [
            "collections": ["deque": "a list"], "pathlib": allPaths, "pathlib._local": allPaths,
            "datetime": Dictionary(uniqueKeysWithValues: times.map { ($0, "a time") }),
            "decimal": ["Decimal": "a number"], "fractions": ["Fraction": "a number"],
            "uuid": ["UUID": "an identifier"], "types": ["SimpleNamespace": "arguments"],
        ]
    }()

    /// Scalars that training loops keep, and arrays: states of random numbers, but no weights.
    private static let numpy: [String: PickleConstructor] = {
        let types = ["dtype", "Float16DType", "Float32DType", "Float64DType", "Int64DType"]
        var names = Dictionary(
            uniqueKeysWithValues: types.map { ($0, PickleConstructor.inert("a NumPy type")) })
        names["scalar"] = .inert("a NumPy number")
        names["_reconstruct"] = .unreadableTensor("a NumPy array")
        names["ndarray"] = .tensorClass
        return names
    }()

    private static let rebuilding: [String: PickleConstructor] = [
        "_rebuild_tensor": .tensor(.plain), "_rebuild_tensor_v2": .tensor(.second),
        "_rebuild_tensor_v3": .tensor(.third), "_rebuild_parameter": .parameter,
        "_rebuild_parameter_with_state": .parameter, "_rebuild_from_type_v2": .fromType,
        "_rebuild_qtensor": .unreadableTensor("a quantised tensor"),
        "_rebuild_sparse_tensor": .unreadableTensor("a sparse tensor"),
        "_rebuild_sparse_csr_tensor": .unreadableTensor("a sparse tensor"),
        "_rebuild_nested_tensor": .unreadableTensor("a nested tensor"),
        "_rebuild_meta_tensor_no_storage": .unreadableTensor("a tensor without data"),
        "_rebuild_device_tensor_from_numpy": .unreadableTensor("another device's tensor"),
        "_get_layout": .inert("a layout"),
    ]

    private static let torch: [String: PickleConstructor] = {
        var names: [String: PickleConstructor] = [
            "Size": .size, "Tensor": .tensorClass, "device": .inert("a device"),
        ]
        for (storage, type) in storages { names[storage] = .storage(type) }
        for type in Array(storages.values) + unstored { names[type.name] = .elementType(type) }
        names[untyped] = .storage(StorageType(unread: untyped, size: 1))
        for scheme in ["per_tensor_affine", "per_channel_affine"] {
            names[scheme] = .inert("a quantisation scheme")
        }
        return names
    }()

    private static let storages: [String: StorageType] = [
        "FloatStorage": StorageType("float32", .float32),
        "DoubleStorage": StorageType("float64", .float64),
        "HalfStorage": StorageType("float16", .float16),
        "BFloat16Storage": StorageType("bfloat16", .bfloat16),
        "ByteStorage": StorageType("uint8", .uint8),
        "CharStorage": StorageType("int8", .int8),
        "ShortStorage": StorageType("int16", .int16),
        "IntStorage": StorageType("int32", .int32),
        "LongStorage": StorageType("int64", .int64),
        "BoolStorage": StorageType("bool", .bool),
        "ComplexFloatStorage": StorageType(unread: "complex64", size: 8),
        "ComplexDoubleStorage": StorageType(unread: "complex128", size: 16),
        "QInt8Storage": StorageType(unread: "qint8", size: 1),
        "QUInt8Storage": StorageType(unread: "quint8", size: 1),
        "QInt32Storage": StorageType(unread: "qint32", size: 4),
    ]

    /// The storage whose element type is each tensor's own matter; its elements are bytes.
    private static let untyped = "UntypedStorage"

    /// Element types of untyped storages alone.
    private static let unstored = ElementType.allCases.compactMap { type in
        type.storageClass == nil ? type.torchName.map { StorageType($0, type) } : nil
    }
}
