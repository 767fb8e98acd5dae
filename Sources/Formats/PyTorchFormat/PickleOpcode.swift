/// The instructions of pickle protocols 1 to 5. Source: the comments of Python's `pickletools`.
enum PickleOpcode: UInt8 {
    case mark = 0x28
    case stop = 0x2E
    case pop = 0x30
    case popMark = 0x31
    case duplicate = 0x32
    // Constants.
    case floatLine = 0x46
    case integerLine = 0x49
    case int4 = 0x4A
    case int1 = 0x4B
    case longLine = 0x4C
    case int2 = 0x4D
    case none = 0x4E
    case float8 = 0x47
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8A
    case long4 = 0x8B
    case string4 = 0x54
    case string1 = 0x55
    case unicode4 = 0x58
    case unicode1 = 0x8C
    case unicode8 = 0x8D
    case bytes4 = 0x42
    case bytes1 = 0x43
    case bytes8 = 0x8E
    case byteArray8 = 0x96
    // Containers.
    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5D
    case list = 0x6C
    case append = 0x61
    case appends = 0x65
    case emptyDictionary = 0x7D
    case dictionary = 0x64
    case setItem = 0x73
    case setItems = 0x75
    case emptySet = 0x8F
    case addItems = 0x90
    case frozenSet = 0x91
    // The memo.
    case get1 = 0x68
    case get4 = 0x6A
    case put1 = 0x71
    case put4 = 0x72
    case memoize = 0x94
    // Names and objects.
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case newObject = 0x81
    case persistentID = 0x51
    // Framing.
    case proto = 0x80
    case frame = 0x95

    /// Instructions that no state dict holds, by their names in `pickletools`.
    static let refused: [UInt8: String] = [
        0x50: "PERSID", 0x53: "STRING", 0x56: "UNICODE", 0x67: "GET", 0x70: "PUT", 0x69: "INST",
        0x6F: "OBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x92: "NEWOBJ_EX",
        0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
}
