import Tensors

/// Everything that a pickle can make here; containers are places in the machine's lists, so values
/// never own each other, however deep a pickle nests them.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    /// A whole number beyond 64 bits: its bytes, two's complement, lowest first.
    case largeInteger([UInt8])
    case real
    case text(String)
    case bytes
    case tuple(Int)
    /// A list or a set.
    case list(Int)
    case dictionary(Int)
    case constructor(PickleConstructor)
    case storage(StorageReference)
    case tensor(TensorReference)
    /// A tensor whose elements Ferry does not read, in words.
    case unreadableTensor(String)
    /// Something else than weights, in words.
    case inert(String)

    /// What it is, in words for "found …".
    var description: String {
        switch self {
        case .none: "None"
        case .boolean: "a truth value"
        case .integer, .largeInteger: "a whole number"
        case .real: "a number"
        case .text: "text"
        case .bytes: "bytes"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .constructor(let constructor): "the name \(constructor.words)"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .unreadableTensor(let words), .inert(let words): words
        }
    }
}

/// A dictionary in the order in which its keys came.
struct PickleDictionary {
    private(set) var items: [(key: PickleValue, value: PickleValue)] = []
    /// By the keys' bytes, as in Python: one letter may have two spellings in Unicode.
    private var places: [[UInt8]: Int] = [:]

    /// Sets a key's value; only text is looked up, since only it names tensors.
    mutating func set(_ key: PickleValue, _ value: PickleValue) {
        if case .text(let name) = key {
            if let place = places.updateValue(items.count, forKey: Array(name.utf8)) {
                items[place].value = value
                places[Array(name.utf8)] = place
                return
            }
        }
        items.append((key, value))
    }

    subscript(name: String) -> PickleValue? {
        places[Array(name.utf8)].map { items[$0].value }
    }
}

/// Numbers that tensors share, as a persistent id names them.
struct StorageReference: Equatable {
    var key: String
    var type: StorageType
    /// Elements of the whole storage.
    var count: Int
    /// The part of it, in elements, that this reference stands for.
    var view: Range<Int>
}

/// A tensor as its constructor's arguments describe it.
struct TensorReference: Equatable {
    var storage: StorageReference
    /// In elements from the start of the storage's view.
    var offset: Int
    var shape: [Int]
    var strides: [Int]
    var type: StorageType
}

/// The element type of a storage or tensor, by PyTorch's name.
struct StorageType: Equatable {
    var name: String
    /// Nil for elements that Ferry does not carry.
    var elementType: ElementType?
    var size: Int

    init(_ name: String, _ elementType: ElementType) {
        self.name = name
        self.elementType = elementType
        size = elementType.size
    }

    init(unread name: String, size: Int) {
        self.name = name
        self.size = size
    }
}
