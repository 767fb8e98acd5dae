import FormatInterface
import Tensors

/// Interprets a pickle: a stack machine over `PickleValue`, which can name nothing but the entries
/// of `PickleConstructor` and runs nothing.
///
/// Steps are bounded by the pickle's bytes, values by `valueLimit`; every instruction makes at most
/// one value of its own.
struct PickleMachine {
    static let byteLimit = 64 << 20
    static let valueLimit = 1 << 22

    var cursor: PickleCursor
    var stack: [PickleValue] = []
    /// Heights of the stack at which marks stand.
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    private(set) var tuples: [[PickleValue]] = []
    private(set) var lists: [[PickleValue]] = []
    private(set) var dictionaries: [PickleDictionary] = []
    /// The storages that persistent ids named, by key.
    var storages: [String: StorageReference] = [:]
    /// Where the instruction in progress begins.
    private(set) var start: Int

    /// - Parameter name: the zip member that the pickle is, for messages.
    init(_ region: ByteRegion, name: String = "") {
        let end = min(region.range.upperBound, region.range.lowerBound + Self.byteLimit)
        cursor = PickleCursor(
            ByteRegion(region.storage, region.range.lowerBound..<end), name: name)
        start = region.range.lowerBound
    }

    /// Interprets up to STOP and gives the value it leaves.
    mutating func run() throws(ContentError) -> PickleValue {
        while true {
            start = cursor.position
            let byte = try cursor.number(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else { throw unknown(byte) }
            if opcode == .stop { break }
            try step(opcode)
            guard stack.count <= Self.valueLimit, memo.count <= Self.valueLimit else {
                throw error(expected: "at most \(Self.valueLimit) values", found: "more")
            }
        }
        guard stack.count == 1, marks.isEmpty else {
            throw error(
                expected: "one value at the pickle's end", found: "\(stack.count) values")
        }
        return stack[0]
    }

    private func unknown(_ byte: UInt8) -> ContentError {
        let name = PickleOpcode.refused[byte] ?? "the byte 0x\(String(byte, radix: 16))"
        return error(expected: "a pickle instruction of PyTorch's", found: name)
    }

    func error(expected: String, found: String) -> ContentError {
        ContentError(cursor.place(start), expected: expected, found: found)
    }

    private mutating func step(_ opcode: PickleOpcode) throws(ContentError) {
        switch opcode {
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .stop: break
        case .proto:
            let version = try cursor.number(UInt8.self)
            guard version <= 5 else {
                throw error(expected: "pickle protocol 1 to 5", found: "\(version)")
            }
        case .frame: _ = try cursor.number(UInt64.self)
        case .get1: try recall(UInt32(cursor.number(UInt8.self)))
        case .get4: try recall(cursor.number(UInt32.self))
        case .put1: try remember(UInt32(cursor.number(UInt8.self)))
        case .put4: try remember(cursor.number(UInt32.self))
        case .memoize: try remember(UInt32(memo.count))
        case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .append, .appends,
            .emptyDictionary, .dictionary, .setItem, .setItems, .emptySet, .addItems, .frozenSet:
            try contain(opcode)
        case .global, .stackGlobal, .reduce, .build, .newObject, .persistentID:
            try construct(opcode)
        default: stack.append(try constant(opcode))
        }
    }

    private mutating func recall(_ index: UInt32) throws(ContentError) {
        guard let value = memo[index] else {
            throw error(expected: "a remembered value", found: "none under \(index)")
        }
        stack.append(value)
    }

    private mutating func remember(_ index: UInt32) throws(ContentError) {
        memo[index] = try top()
    }

    // MARK: The stack

    func top() throws(ContentError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else {
            throw error(expected: "a value on the stack", found: "none")
        }
        return value
    }

    mutating func pop() throws(ContentError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws(ContentError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw error(expected: "\(count) values on the stack", found: "fewer")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(ContentError) -> [PickleValue] {
        guard let mark = marks.popLast() else {
            throw error(expected: "a mark on the stack", found: "none")
        }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    // MARK: Containers

    private mutating func contain(_ opcode: PickleOpcode) throws(ContentError) {
        switch opcode {
        case .emptyTuple: try push(tuple: [])
        case .tuple: try push(tuple: popToMark())
        case .tuple1: try push(tuple: pop(1))
        case .tuple2: try push(tuple: pop(2))
        case .tuple3: try push(tuple: pop(3))
        case .emptyList, .emptySet: try push(list: [])
        case .list, .frozenSet: try push(list: popToMark())
        case .append: try append([pop()])
        case .appends, .addItems: try append(popToMark())
        case .emptyDictionary: try push(dictionary: [])
        case .dictionary: try push(dictionary: popToMark())
        case .setItem: try set(pop(2))
        default: try set(popToMark())
        }
    }

    private func checkCount() throws(ContentError) {
        guard tuples.count + lists.count + dictionaries.count < Self.valueLimit else {
            throw error(expected: "at most \(Self.valueLimit) values", found: "more")
        }
    }

    private mutating func push(tuple: [PickleValue]) throws(ContentError) {
        try checkCount()
        tuples.append(tuple)
        stack.append(.tuple(tuples.count - 1))
    }

    private mutating func push(list: [PickleValue]) throws(ContentError) {
        try checkCount()
        lists.append(list)
        stack.append(.list(lists.count - 1))
    }

    /// Pushes a dictionary of keys and values, which alternate.
    mutating func push(dictionary items: [PickleValue]) throws(ContentError) {
        try checkCount()
        dictionaries.append(PickleDictionary())
        stack.append(.dictionary(dictionaries.count - 1))
        try set(items)
    }

    private mutating func append(_ values: [PickleValue]) throws(ContentError) {
        if case .inert = try top() { return }
        guard case .list(let list) = try top() else {
            throw error(expected: "a list to append to", found: try top().description)
        }
        lists[list] += values
    }

    /// Sets items of the dictionary on top of the stack.
    private mutating func set(_ items: [PickleValue]) throws(ContentError) {
        guard case .dictionary(let dictionary) = try top(), items.count.isMultiple(of: 2) else {
            throw error(
                expected: "a dictionary, and a value for each key", found: try top().description)
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            dictionaries[dictionary].set(items[index], items[index + 1])
        }
    }
}
