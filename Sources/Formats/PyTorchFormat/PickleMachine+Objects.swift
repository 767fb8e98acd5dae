import FormatInterface

/// Names, and what calling them makes.
extension PickleMachine {
    private static let rankLimit = 64

    mutating func construct(_ opcode: PickleOpcode) throws(ContentError) {
        switch opcode {
        case .global: try push(module: cursor.line(), name: cursor.line())
        case .stackGlobal:
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw error(expected: "a name on the stack", found: "other values")
            }
            try push(module: module, name: name)
        case .reduce:
            let arguments = try tuple(pop())
            try call(pop(), arguments)
        case .newObject:
            let arguments = try tuple(pop())
            let value = try pop()
            switch value {
            case .constructor(.dictionary), .constructor(.inert): try call(value, arguments)
            default: throw error(expected: "a known class", found: value.description)
            }
        case .build: try build()
        default: try resolve(tuple(pop()))
        }
    }

    /// Pushes the constructor of a name, if it is one of those in the table.
    private mutating func push(module: String, name: String) throws(ContentError) {
        guard let constructor = PickleConstructor.find(module, name) else {
            throw error(
                expected: "only what state dicts are made of",
                found: "'\(module.prefix(60)) \(name.prefix(60))', which is not run; "
                    + "if this is a whole module, save its state_dict() with PyTorch instead; of a "
                    + "checkpoint with such objects, save the weights alone")
        }
        stack.append(.constructor(constructor))
    }

    /// Attributes of an object, which carry no weights: a state dict's `_metadata`.
    private mutating func build() throws(ContentError) {
        _ = try pop()
        switch try top() {
        case .dictionary, .tensor, .inert, .unreadableTensor: break
        case let value:
            throw error(expected: "an object with attributes", found: value.description)
        }
    }

    private func tuple(_ value: PickleValue) throws(ContentError) -> [PickleValue] {
        guard case .tuple(let index) = value else {
            throw error(expected: "a tuple", found: value.description)
        }
        return tuples[index]
    }

    private mutating func call(
        _ value: PickleValue, _ arguments: [PickleValue]
    ) throws(ContentError) {
        guard case .constructor(let constructor) = value else {
            throw error(expected: "a name to call", found: value.description)
        }
        switch constructor {
        case .dictionary: try push(dictionary: items(arguments))
        case .tensor(let rebuilding): stack.append(try tensor(rebuilding, arguments))
        case .parameter:
            switch arguments.first {
            case .tensor, .unreadableTensor: stack.append(arguments[0])
            default: throw error(expected: "a parameter's tensor", found: "another value")
            }
        case .fromType:
            guard arguments.count >= 3, case .constructor(let inner) = arguments[0] else {
                throw error(expected: "a function and its arguments", found: "other values")
            }
            if case .fromType = inner {
                throw error(expected: "a tensor's function", found: "this one in itself")
            }
            try call(arguments[0], tuple(arguments[2]))
        case .size:
            guard arguments.count == 1, case .tuple = arguments[0] else {
                throw error(expected: "a size's tuple", found: "other values")
            }
            stack.append(arguments[0])
        case .unreadableTensor(let words): stack.append(.unreadableTensor(words))
        case .inert(let words): stack.append(.inert(words))
        case .storage, .elementType, .tensorClass:
            throw error(expected: "a name to call", found: value.description)
        }
    }

    /// Keys and values that an OrderedDict is made of: nothing, or a list of pairs as Python 2 gives.
    private func items(_ arguments: [PickleValue]) throws(ContentError) -> [PickleValue] {
        guard case .list(let list)? = arguments.first else { return [] }
        var items: [PickleValue] = []
        for pair in lists[list] {
            let values: [PickleValue]
            switch pair {
            case .list(let index): values = lists[index]
            case .tuple(let index): values = tuples[index]
            default: values = []
            }
            guard values.count == 2, items.count < Self.valueLimit else {
                throw error(expected: "pairs of keys and values", found: pair.description)
            }
            items += values
        }
        return items
    }

    // MARK: Tensors

    private func tensor(
        _ rebuilding: PickleConstructor.TensorRebuilding, _ arguments: [PickleValue]
    ) throws(ContentError) -> PickleValue {
        guard arguments.count >= (rebuilding == .third ? 7 : 4),
            case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1]
        else { throw error(expected: "a tensor's storage and offset", found: "other values") }
        var type = storage.type
        if rebuilding == .third {
            guard case .constructor(.elementType(let given)) = arguments[6] else {
                throw error(
                    expected: "a tensor's element type", found: arguments[6].description)
            }
            type = given
        }
        try refusePending(arguments.dropFirst(rebuilding == .third ? 7 : 6).first)
        let shape = try sizes(arguments[2])
        let strides = try sizes(arguments[3])
        guard shape.count == strides.count, shape.count <= Self.rankLimit else {
            throw error(
                expected: "a stride for each of at most \(Self.rankLimit) axes",
                found: "\(strides.count) for \(shape.count)")
        }
        return .tensor(
            TensorReference(
                storage: storage, offset: offset, shape: shape, strides: strides, type: type))
    }

    /// Refuses a tensor whose numbers are not those of its storage: its metadata has the bits of a
    /// negation or conjugation that PyTorch had put off.
    private func refusePending(_ metadata: PickleValue?) throws(ContentError) {
        guard case .dictionary(let index)? = metadata else { return }
        for (name, advice) in [("neg", "resolve_neg"), ("conj", "resolve_conj")] {
            guard case .boolean(true)? = dictionaries[index][name] else { continue }
            throw error(
                expected: "a tensor as it is stored",
                found: "the bit '\(name)'; save tensor.\(advice)() instead")
        }
    }

    private func sizes(_ value: PickleValue) throws(ContentError) -> [Int] {
        var sizes: [Int] = []
        for element in try tuple(value) {
            guard case .integer(let size) = element else {
                throw error(expected: "whole numbers", found: element.description)
            }
            sizes.append(size)
        }
        return sizes
    }

    /// Pushes the storage of a persistent id: ("storage", class, key, location, count), and in
    /// legacy files None or (view's key, offset, count).
    private mutating func resolve(_ id: [PickleValue]) throws(ContentError) {
        guard id.count >= 5, case .text("storage") = id[0],
            case .constructor(.storage(let type)) = id[1], case .text(let key) = id[2],
            case .integer(let count) = id[4], count >= 0
        else { throw error(expected: "the id of a storage", found: "another") }
        var view = 0..<count
        if id.count > 5, case .tuple(let index) = id[5] {
            let parts = tuples[index]
            guard parts.count == 3, case .integer(let offset) = parts[1],
                case .integer(let length) = parts[2], offset >= 0, length >= 0, offset <= count,
                length <= count - offset
            else { throw error(expected: "a part of the storage", found: "another") }
            view = offset..<offset + length
        }
        let reference = StorageReference(key: key, type: type, count: count, view: view)
        if let known = storages.updateValue(reference, forKey: key),
            known.count != count || known.type.size != type.size
        {
            throw error(
                expected: "one size of storage '\(key.prefix(40))'", found: "another beside it")
        }
        stack.append(.storage(reference))
    }
}
