import FormatInterface

/// Numbers and text.
extension PickleMachine {
    mutating func constant(_ opcode: PickleOpcode) throws(ContentError) -> PickleValue {
        switch opcode {
        case .newTrue: .boolean(true)
        case .newFalse: .boolean(false)
        case .int1: .integer(Int(try cursor.number(UInt8.self)))
        case .int2: .integer(Int(try cursor.number(UInt16.self)))
        case .int4: .integer(Int(try cursor.number(Int32.self)))
        case .integerLine: try integer(cursor.line())
        case .longLine: try integer(cursor.line())
        case .long1: Self.integer(try cursor.bytes(cursor.number(UInt8.self)))
        case .long4: Self.integer(try cursor.bytes(cursor.number(Int32.self)))
        case .float8: try real(cursor.bytes(8).count)
        case .floatLine: try real(cursor.line().count)
        case .string1, .unicode1: .text(try cursor.text(cursor.number(UInt8.self)))
        case .string4, .unicode4: .text(try cursor.text(cursor.number(UInt32.self)))
        case .unicode8: .text(try cursor.text(cursor.number(UInt64.self)))
        case .bytes1: try bytes(cursor.number(UInt8.self))
        case .bytes4: try bytes(cursor.number(UInt32.self))
        case .bytes8, .byteArray8: try bytes(cursor.number(UInt64.self))
        default: .none
        }
    }

    /// A number that is no weight; only its bytes are counted.
    private func real(_ bytes: Int) -> PickleValue { .real }

    private mutating func bytes(
        _ count: some FixedWidthInteger
    ) throws(ContentError) -> PickleValue {
        _ = try cursor.bytes(count)
        return .bytes
    }

    /// A number in digits, as protocol 1 writes it; long ones end in "L", 00 and 01 are truth values.
    private func integer(_ line: String) throws(ContentError) -> PickleValue {
        if line == "00" || line == "01" { return .boolean(line == "01") }
        guard let value = Int(line.hasSuffix("L") ? line.dropLast() : line[...]) else {
            throw error(expected: "a whole number of 64 bits", found: "'\(line.prefix(40))'")
        }
        return .integer(value)
    }

    /// A number in two's complement, lowest byte first.
    private static func integer(_ bytes: [UInt8]) -> PickleValue {
        guard bytes.count <= 8 else { return .largeInteger(bytes) }
        let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = 64 - 8 * bytes.count
        return .integer(bytes.isEmpty ? 0 : Int(Int64(bitPattern: bits << unused) >> unused))
    }
}
